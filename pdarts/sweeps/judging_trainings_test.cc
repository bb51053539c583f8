#include "pdarts/sweeps/judging_trainings.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/json.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/testing/test_folder.h"
#include "pdarts/core/training.h"
#include "pdarts/core/training.pb.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/run_names.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr char kSpec[] = R"(
name: "judge"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset { [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {} }
train { epochs: 1 }
)";

class JudgingTrainingsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    TrainSpec spec;
    ASSERT_TRUE(ParseSpecInto(kSpec, "spec", &spec).ok());
    ASSERT_TRUE(CompleteSpec(&spec).ok());
    judge_ = JudgeByTraining(spec).value();
    options_.seeds = {1, 2};
    options_.output = TestFolder();
    options_.resume_command = [](const std::string& begun) { return "resume " + begun; };
    options_.messages = &messages_;
  }
  std::string Text(const std::string& name) const {
    return judge_.space->Format(ParseGenotype(*judge_.space, name).value()).value();
  }
  /// Writes the spec and the result of a finished training.
  static void Finish(const std::string& folder, const TrainSpec& spec, double accuracy) {
    fs::create_directories(folder);
    std::ofstream(RunSpecFile(folder)) << PrintSpec(spec);
    RunResult result;
    result.set_test_top1(accuracy);
    std::ofstream(fs::path(folder) / kResultFile) << ToJsonLine(result);
  }

  Judge judge_;
  JudgingOptions options_;
  std::ostringstream messages_;
};

TEST_F(JudgingTrainingsTest, AnArchitectureOfTwoGroupsIsTrainedOnce) {
  const std::string first = Text("PDARTS"), second = Text("DARTS_V2");
  const auto runs = PlanTrainings(judge_, {{"a", {first}}, {"b", {first, second}}}, options_);
  ASSERT_TRUE(runs.ok()) << runs.status();
  ASSERT_EQ(runs->size(), 4u);
  EXPECT_EQ((*runs)[1].label, "a 1, seed 2");
  EXPECT_EQ((*runs)[2].label, "b 2, seed 1");
  EXPECT_NE((*runs)[0].directory, (*runs)[2].directory);
  EXPECT_EQ(static_cast<const TrainSpec&>(*(*runs)[2].spec).genotype(), second);
  EXPECT_EQ(static_cast<const TrainSpec&>(*(*runs)[1].spec).seed(), 2);
}

TEST_F(JudgingTrainingsTest, FinishedTrainingsAreNotComputedAgain) {
  const std::string folder = options_.output + "/other";
  TrainSpec spec = judge_.spec;
  spec.set_name("another_name");
  spec.set_genotype("PDARTS");
  spec.set_seed(1);
  Finish(folder + "1", spec, 90);
  spec.set_seed(2);
  Finish(folder + "2", spec, 94);
  options_.finished_folders = {folder + "1", folder + "2"};
  std::vector<std::string> notes;
  const auto means = TrainAll(judge_, {{"a", {Text("PDARTS")}}}, options_, &notes);
  ASSERT_TRUE(means.ok()) << means.status();
  EXPECT_EQ(*means, std::vector<double>{92});
  EXPECT_THAT(messages_.str(), HasSubstr("a 1, seed 1: finished before, " + folder + "1\n"));

  spec.mutable_train()->set_epochs(2);
  Finish(folder + "2", spec, 94);
  const auto runs = PlanTrainings(judge_, {{"a", {Text("PDARTS")}}}, options_);
  ASSERT_TRUE(runs.ok()) << runs.status();
  EXPECT_TRUE((*runs)[0].finished_before);
  EXPECT_FALSE((*runs)[1].finished_before);
}

}  // namespace
}  // namespace pdarts
