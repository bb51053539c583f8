// Tests the candidates that a stage keeps: the schedule chooses them, but each edge keeps a
// candidate that may be derived.

#include "pdarts/trainers/pruning.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/batteries/make_spec.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kSpec[] = R"(
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset { [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {} }
schedule {
  [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {
    stages { cells: 3 keep: 1 }
    stages { cells: 3 keep: 1 }
  }
}
)";

Experiment Make(const std::vector<std::string>& settings = {}) {
  return MakeExperiment(MakeSpec<ExperimentSpec>(kSpec, settings)).value();
}

/// Every edge prefers its last operation, except normal edges 2 and 5, which prefer `none`.
EdgeProbabilities SomePreferNone() {
  const std::vector<double> last = {0.1, 0, 0, 0, 0, 0, 0, 0.9};
  EdgeProbabilities probabilities(2, std::vector<std::vector<double>>(14, last));
  probabilities[0][2] = {0.5, 0, 0, 0.25, 0, 0.25, 0, 0};
  probabilities[0][5] = {0.6, 0, 0.4, 0, 0, 0, 0, 0};
  return probabilities;
}

TEST(Pruning, LeavesSomethingThatMayBeDerived) {
  const Experiment experiment = Make();
  const Candidates all = experiment.space->InitialCandidates().value();
  const auto pruned = PruneStage(experiment, 0, all, SomePreferNone());
  ASSERT_TRUE(pruned.ok()) << pruned.status();
  Candidates expected(2, CellCandidates(14, {7}));
  expected[0][2] = {5};  // of two equal candidates, the later one
  expected[0][5] = {2};
  EXPECT_EQ(pruned->kept, expected);
  EXPECT_THAT(
      pruned->notes,
      ElementsAre("stage 1: on the normal edges 0 -> 3, 0 -> 4 the stage would have left only "
                  "none, which may not be derived; the most probable other candidate stays "
                  "instead"));
}

TEST(Pruning, IsTheSchedulesWhereEverythingMayBeDerivedOrMoreIsKept) {
  for (const char* setting : {"space.allow_none=true", "schedule.stages[0].keep=2"}) {
    const Experiment experiment = Make({setting});
    const Candidates all = experiment.space->InitialCandidates().value();
    const auto pruned = PruneStage(experiment, 0, all, SomePreferNone());
    ASSERT_TRUE(pruned.ok()) << pruned.status();
    EXPECT_EQ(pruned->kept, experiment.schedule->Prune(0, all, SomePreferNone()).value());
    EXPECT_EQ(pruned->kept[0][2][0], 0);
    EXPECT_THAT(pruned->notes, IsEmpty());
  }
}

TEST(Pruning, AnEdgeThatHasOnlyNoneKeepsIt) {
  const Experiment experiment = Make();
  const Candidates none(2, CellCandidates(14, {0}));
  const EdgeProbabilities certain(2, std::vector<std::vector<double>>(14, {1.0}));
  const auto pruned = PruneStage(experiment, 0, none, certain);
  ASSERT_TRUE(pruned.ok()) << pruned.status();
  EXPECT_EQ(pruned->kept, none);
}

}  // namespace
}  // namespace pdarts
