#include "pdarts/sweeps/sweep_results.h"

#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/experiment.pb.h"

namespace pdarts {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

void AddRun(int64_t seed, double top1, std::vector<SweepRun>* runs) {
  SweepRun& run = runs->emplace_back();
  run.seed = seed;
  run.label = "seed " + std::to_string(seed);
  run.directory = "runs/tiny-seed" + std::to_string(seed);
  auto spec = std::make_unique<ExperimentSpec>();
  spec->set_name("tiny");
  spec->set_seed(seed);
  run.spec = std::move(spec);
  run.result.set_seed(static_cast<double>(seed));
  run.result.set_supernet_top1(top1);
  run.result.set_genotype("cells");
}

/// Two finished runs and a run that failed.
std::vector<SweepRun> ThreeRuns() {
  std::vector<SweepRun> runs;
  AddRun(1, 10, &runs);
  AddRun(3, 20, &runs);
  AddRun(5, 0, &runs);
  runs[2].error = "exit status 1";
  return runs;
}

std::string TableOf(const std::vector<SweepRun>& runs) {
  std::ostringstream text;
  PrintSweepTable(runs, &text);
  return text.str();
}

TEST(SweepResultsTest, TheTableHasMeanAndDeviationOfTheFinishedRuns) {
  const std::string table = TableOf(ThreeRuns());
  EXPECT_THAT(table, AllOf(HasSubstr("\nmean                  15.0000\n"),
                           HasSubstr("\n+-                     7.0711\n"),
                           HasSubstr("\n5        failed: exit status 1\n")));
}

TEST(SweepResultsTest, TheJsonNamesTheFailedRuns) {
  const std::string json = SweepJson(ThreeRuns(), {"a note"});
  EXPECT_THAT(json, AllOf(HasSubstr(R"("failed_seeds":[5],"mean":{"supernet_top1":15})"),
                          HasSubstr(R"("notes":["a note"],"failed_runs":["runs/tiny-seed5"])")));
  EXPECT_THAT(FailedRuns(ThreeRuns()), ElementsAre("5"));
}

TEST(SweepResultsTest, AGridHasNoMean) {
  std::vector<SweepRun> runs = ThreeRuns();
  for (SweepRun& run : runs) run.combination = {"search.batch_size=4"};
  EXPECT_TRUE(HasGrid(runs));
  EXPECT_THAT(TableOf(runs), Not(HasSubstr("mean ")));
  EXPECT_THAT(SweepJson(runs, {}), HasSubstr(R"("mean":{})"));
  EXPECT_THAT(FailedRuns(runs), ElementsAre("seed 5"));
}

TEST(SweepResultsTest, ANoteSaysInWhatTheProvenanceDiffers) {
  std::vector<SweepRun> runs = ThreeRuns();
  EXPECT_THAT(SweepNotes(runs), ElementsAre());
  runs[0].result.set_commit("4c3f076");
  runs[1].result.set_commit("7feb16c");
  EXPECT_THAT(SweepNotes(runs), ElementsAre(HasSubstr("the runs differ in their commit: 4c3f076")));
}

}  // namespace
}  // namespace pdarts
