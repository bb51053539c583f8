#include "pdarts/runs/result_groups.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/training.pb.h"
#include "pdarts/runs/any_spec.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;

template <class Spec>
FinishedRun FinishedRunOf(const std::string& name, int seed, double top1) {
  FinishedRun run;
  auto spec = std::make_unique<Spec>();
  spec->set_name(name);
  spec->set_seed(seed);
  run.spec = std::move(spec);
  run.result.set_name(name);
  run.result.set_seed(seed);
  run.result.set_supernet_top1(top1);
  return run;
}

TEST(ResultGroupsTest, RunsThatDifferInTheSeedOnlyAreAGroup) {
  std::vector<FinishedRun> runs;
  runs.push_back(FinishedRunOf<ExperimentSpec>("pdarts", 5, 30));
  runs.push_back(FinishedRunOf<ExperimentSpec>("darts", 1, 10));
  runs.push_back(FinishedRunOf<ExperimentSpec>("pdarts", 1, 10));
  runs.push_back(FinishedRunOf<ExperimentSpec>("darts", 2, 20));
  runs.push_back(FinishedRunOf<ExperimentSpec>("alone", 1, 20));
  runs.push_back(FinishedRunOf<ExperimentSpec>("alone", 1, 20));  // repeated
  runs.push_back(FinishedRunOf<ExperimentSpec>("darts", 2, 20));  // repeated
  runs.push_back(FinishedRunOf<TrainSpec>("alone", 2, 20));       // a training is not a search
  runs.push_back(FinishedRunOf<ExperimentSpec>("darts", 3, 90));
  static_cast<ExperimentSpec*>(runs.back().spec.get())->mutable_search()->set_batch_size(7);
  runs.push_back(FinishedRunOf<ExperimentSpec>("darts", 4, 90));
  runs.back().spec = nullptr;
  const std::vector<RunGroup> groups = GroupBySeed(runs);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].summary.name(), "darts");
  EXPECT_EQ(groups[1].summary.name(), "pdarts");
  EXPECT_THAT(groups[1].summary.seeds(), ElementsAre(1, 5));
  ASSERT_EQ(groups[1].summary.columns_size(), 1);
  const ResultsColumn& column = groups[1].summary.columns(0);
  EXPECT_EQ(column.name(), "supernet_top1");
  EXPECT_EQ(column.runs(), 2);
  EXPECT_EQ(column.mean(), 20);
  EXPECT_NEAR(column.deviation(), 14.1421, 1e-4);  // the square root of (100 + 100) / 1
}

TEST(ResultGroupsTest, AGroupOfSearchesSaysHowWellTheSeedsAgree) {
  std::vector<FinishedRun> runs;
  for (const int seed : {3, 1, 3}) {
    runs.push_back(FinishedRunOf<ExperimentSpec>("pdarts", seed, 30));
    CellProbabilities cell;
    EdgeCandidateProbabilities* edge = cell.add_edges();
    for (const int i : {0, 1}) {
      edge->add_operations(absl::StrCat("operation ", i));
      edge->add_probabilities(i == 0 ? 0.1 * seed : 1 - 0.1 * seed);
    }
    runs.back().stage_ends[2] = {cell};
  }
  runs.push_back(FinishedRunOf<ExperimentSpec>("alone", 1, 20));
  runs.push_back(FinishedRunOf<ExperimentSpec>("alone", 2, 20));
  const std::vector<RunGroup> groups = GroupBySeed(runs);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].summary.agreement_size(), 0);
  ASSERT_EQ(groups[1].summary.agreement_size(), 1);
  EXPECT_EQ(groups[1].summary.agreement(0).stage(), 2);
  EXPECT_NEAR(groups[1].summary.agreement(0).mean(), 1, 1e-12);
}

/// A run whose spec has these settings and lists them in `grid`.
FinishedRun RunOfGrid(const std::vector<std::string>& settings, int seed, double top1) {
  FinishedRun run = FinishedRunOf<ExperimentSpec>("swept", seed, top1);
  for (const std::string& setting : settings) {
    EXPECT_TRUE(SetField(run.spec.get(), setting).ok());
  }
  SetGrid(settings, run.spec.get());
  return run;
}

TEST(ResultGroupsTest, RunsOfASweepAreAGrid) {
  std::vector<FinishedRun> runs;
  runs.push_back(RunOfGrid({"search.batch_size=16"}, 2, 50));
  runs.push_back(RunOfGrid({"search.batch_size=16"}, 1, 40));
  runs.push_back(RunOfGrid({"search.batch_size=16"}, 1, 90));  // repeated
  runs.push_back(RunOfGrid({"search.batch_size=8"}, 1, 30));
  runs.push_back(RunOfGrid({"search.batch_size=128"}, 1, 60));
  runs.push_back(FinishedRunOf<ExperimentSpec>("swept", 1, 90));  // belongs to no sweep
  runs.push_back(RunOfGrid({"search.batch_size=4"}, 1, 90));      // a later --set changed the value
  static_cast<ExperimentSpec*>(runs.back().spec.get())->mutable_search()->set_batch_size(5);
  runs.push_back(RunOfGrid({"search.batch_size=32"}, 1, 90));  // of another spec, without others
  static_cast<ExperimentSpec*>(runs.back().spec.get())->set_name("other");
  runs.push_back(FinishedRunOf<ExperimentSpec>("swept", 1, 90));
  runs.back().spec = nullptr;
  const std::vector<ResultsGrid> grids = GridsOf(runs);
  ASSERT_EQ(grids.size(), 1u);
  const ResultsGrid& grid = grids[0];
  EXPECT_EQ(grid.name(), "swept");
  EXPECT_THAT(grid.fields(), ElementsAre("search.batch_size"));
  EXPECT_EQ(grid.plotted(), "supernet_top1");
  EXPECT_THAT(ValuesOf(grid, 0), ElementsAre("8", "16", "128"));  // sorted as numbers
  EXPECT_THAT(grid.points(1).seeds(), ElementsAre(1, 2));
  EXPECT_THAT(grid.points(1).plotted(), ElementsAre(40, 50));
  EXPECT_EQ(grid.points(1).columns(0).mean(), 45);
  // Runs with the same values are also a group of seeds.
  EXPECT_EQ(GroupBySeed(runs).size(), 1u);
}

TEST(ResultGroupsTest, AFieldOfAGridWithOneValueDoesNotVary) {
  std::vector<FinishedRun> runs;
  for (const char* rate : {"0.5", "0.25"}) {
    for (const char* order : {"WEIGHTS_FIRST", "ALPHAS_FIRST"}) {
      runs.push_back(RunOfGrid({absl::StrCat("search.alphas.learning_rate=", rate),
                                "search.batch_size=8", absl::StrCat("search.step_order=", order)},
                               1, 10));
    }
  }
  const std::vector<ResultsGrid> grids = GridsOf(runs);
  ASSERT_EQ(grids.size(), 1u);
  EXPECT_THAT(VaryingFields(grids[0]), ElementsAre(0, 2));
  EXPECT_THAT(ValuesOf(grids[0], 0), ElementsAre("0.25", "0.5"));
  EXPECT_THAT(ValuesOf(grids[0], 2), ElementsAre("WEIGHTS_FIRST", "ALPHAS_FIRST"));
}

}  // namespace
}  // namespace pdarts
