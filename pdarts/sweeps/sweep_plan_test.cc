#include "pdarts/sweeps/sweep_plan.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/testing/test_folder.h"
#include "pdarts/runs/run_directory.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kSpec[] = R"(
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 8 width: 8 train_images: 32 test_images: 8
  }
}
schedule {
  [type.googleapis.com/pdarts.schedules.DartsScheduleConfig] { cells: 2 channels: 2 epochs: 1 }
}
search { batch_size: 8 }
)";

class SweepPlanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    spec_ = ParseSpec(kSpec, "spec").value();
    ASSERT_TRUE(CompleteSpec(&spec_).ok());
    options_.spec = &spec_;
    options_.seeds = {1, 3};
    options_.folder = TestFolder();
    options_.messages = &messages_;
  }
  std::string ErrorOfPlan() const { return std::string(PlanSweep(options_).status().message()); }
  /// Writes the spec of a run, as a begun run does.
  static void WriteSpecOf(const SweepRun& run) {
    fs::create_directories(run.directory);
    std::ofstream(RunSpecFile(run.directory)) << PrintSpec(*run.spec);
  }

  ExperimentSpec spec_;
  std::ostringstream messages_;
  SweepOptions options_;
};

TEST_F(SweepPlanTest, EveryCombinationHasEverySeed) {
  options_.grid = {{"search.batch_size", {"4", "8"}}};
  const auto runs = PlanSweep(options_);
  ASSERT_TRUE(runs.ok()) << runs.status();
  ASSERT_EQ(runs->size(), 4u);
  const SweepRun& run = (*runs)[1];
  EXPECT_EQ(run.label, "search.batch_size=4, seed 3");
  EXPECT_EQ(run.directory, absl::StrCat(options_.folder, "/tiny-batch_size=4-seed3"));
  const auto& spec = static_cast<const ExperimentSpec&>(*run.spec);
  EXPECT_EQ(spec.search().batch_size(), 4);
  EXPECT_EQ(spec.seed(), 3);
  EXPECT_THAT(spec.grid(), ElementsAre("search.batch_size=4"));
  EXPECT_FALSE(run.finished_before);
  EXPECT_EQ(NameOfSpec(*run.spec), "tiny");
}

TEST_F(SweepPlanTest, AWrongValueIsAnErrorOfTheGrid) {
  options_.grid = {{"search.no_such_field", {"4"}}};
  EXPECT_THAT(ErrorOfPlan(), StartsWith("--grid"));
  options_.grid = {{"search.batch_size", {"0"}}};
  EXPECT_THAT(ErrorOfPlan(), AllOf(StartsWith("--grid"), HasSubstr("batch_size")));
}

TEST_F(SweepPlanTest, TheRemainderOfABegunSweepNamesItsFirstRun) {
  const auto runs = PlanSweep(options_);
  ASSERT_TRUE(runs.ok()) << runs.status();
  EXPECT_EQ(RemainderOf(*runs).begun, "");
  WriteSpecOf((*runs)[1]);
  EXPECT_EQ(RemainderOf(*runs).begun, (*runs)[1].directory);
  EXPECT_THAT(RemainderOf(*runs).old_runs, ElementsAre());
}

TEST_F(SweepPlanTest, TheRemainderOfAReplacingSweepHasTheOldRuns) {
  WriteSpecOf(PlanSweep(options_).value()[0]);
  options_.overwrite = true;
  const auto runs = PlanSweep(options_);
  ASSERT_TRUE(runs.ok()) << runs.status();
  EXPECT_THAT(RemainderOf(*runs).old_runs, ElementsAre(&(*runs)[0]));
  EXPECT_EQ(RemainderOf(*runs).begun, "");
  // The run begins: its spec is a new file.
  const std::string file = RunSpecFile((*runs)[0].directory);
  fs::rename(file, file + ".old");
  WriteSpecOf((*runs)[0]);
  EXPECT_THAT(RemainderOf(*runs).old_runs, ElementsAre());
  EXPECT_EQ(RemainderOf(*runs).begun, (*runs)[0].directory);
}

}  // namespace
}  // namespace pdarts
