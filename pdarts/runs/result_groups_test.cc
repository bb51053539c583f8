#include "pdarts/runs/result_groups.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/core/training.pb.h"

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
  runs.push_back(FinishedRunOf<TrainSpec>("alone", 2, 20));       // a training is no search
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
  EXPECT_NEAR(column.deviation(), 14.1421, 1e-4);  // the root of (100 + 100) / 1
}

}  // namespace
}  // namespace pdarts
