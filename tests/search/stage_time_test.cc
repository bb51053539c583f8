// Tests the time estimates of a stage: which candidates they are for, and that they count the parts
// that are trained.

#include "pdarts/trainers/stage_time.h"

#include "gtest/gtest.h"
#include "pdarts/core/super_net.h"
#include "pdarts/trainers/search_trainer.h"
#include "pdarts/trainers/stage_candidates.h"
#include "pdarts/trainers/stand_in_data.h"
#include "tests/batteries/make_spec.h"

namespace pdarts {
namespace {

constexpr char kSpec[] = R"(
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 8 width: 8 train_images: 32 test_images: 8
  }
}
schedule {
  [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {
    stages { cells: 2 channels: 2 epochs: 2 warmup_epochs: 1 keep: 4 }
    stages { cells: 3 channels: 2 epochs: 2 warmup_epochs: 1 keep: 1 }
  }
}
search { batch_size: 8 evaluated_epochs: 1 }
)";

Experiment Tiny(const std::vector<std::string>& settings = {}) {
  return MakeExperiment(MakeSpec<ExperimentSpec>(kSpec, settings)).value();
}

TEST(StageCandidates, AreTheFirstAndTheLastThatTheStageBeforeKeeps) {
  const Experiment experiment = Tiny();
  EXPECT_EQ(LastCandidates(experiment, 0).value(), experiment.space->InitialCandidates().value());
  const Candidates first = FirstCandidates(experiment, 1).value();
  const Candidates last = LastCandidates(experiment, 1).value();
  for (size_t kind = 0; kind < first.size(); ++kind) {
    for (size_t edge = 0; edge < first[kind].size(); ++edge) {
      EXPECT_EQ(first[kind][edge], (EdgeCandidates{0, 1, 2, 3}));
      EXPECT_EQ(last[kind][edge], (EdgeCandidates{4, 5, 6, 7}));
    }
  }
}

TEST(StageTimer, AnEstimateForKnownCandidatesHasNoRange) {
  const Experiment experiment = Tiny();
  const DatasetSplits data = experiment.dataset->Load({}).value();
  const StageTimer timer(experiment, data);
  const StageTimeEstimate first = timer.Estimate(0, 16, 16).value();
  EXPECT_GT(first.seconds, 0);
  EXPECT_EQ(first.low, first.seconds);
  EXPECT_EQ(first.high, first.seconds);
}

TEST(StageTimer, AnEstimateForUnknownCandidatesLiesInItsRange) {
  const Experiment experiment = Tiny();
  const DatasetSplits data = experiment.dataset->Load({}).value();
  const StageTimeEstimate second = StageTimer(experiment, data).Estimate(1, 16, 16).value();
  EXPECT_GT(second.low, 0);
  EXPECT_LT(second.low, second.high);  // five measurements are never all equal
  EXPECT_LE(second.low, second.seconds);
  EXPECT_LE(second.seconds, second.high);
}

TEST(StageTimer, CountsTheImagesThatAreTrainedAndMeasured) {
  const Experiment experiment = Tiny();
  const DatasetSplits data = experiment.dataset->Load({}).value();
  const Candidates candidates = experiment.space->InitialCandidates().value();
  const StageTimer timer(experiment, data);
  EXPECT_EQ(timer.Seconds(0, candidates, 0, 0).value(), 0);
  EXPECT_GT(timer.Seconds(0, candidates, /*weight_images=*/16, 0).value(), 0);
  EXPECT_GT(timer.Seconds(0, candidates, 0, /*alpha_images=*/16).value(), 0);
}

TEST(StageTimer, UsesBatchesThatTheDataHold) {
  const Experiment experiment = Tiny({"search.batch_size=1024"});
  const DatasetSplits data = experiment.dataset->Load({}).value();
  EXPECT_EQ(StageTimer(experiment, data).batch_size(), 32);
  const DatasetSplits few = StandInData(experiment.dataset->info(), 5);
  EXPECT_EQ(StageTimer(experiment, few).batch_size(), 5);
  EXPECT_GT(StageTimer(experiment, few).Estimate(0, 16, 16).value().seconds, 0);
}

/// Stores the time estimate of a stage.
class Listener : public SearchObserver {
 public:
  absl::Status OnStageBegin(const SearchPosition& position, const SuperNet&) override {
    expected.push_back(position.expected_seconds);
    return absl::OkStatus();
  }
  std::vector<double> expected;
};

TEST(Search, EveryStageEstimatesItsTimeWhenItBegins) {
  const Experiment experiment = Tiny();
  const DatasetSplits data = experiment.dataset->Load({}).value();
  Listener heard;
  ASSERT_TRUE(RunSearch(experiment, data, {}, &heard).ok());
  ASSERT_EQ(heard.expected.size(), 2u);
  for (const double seconds : heard.expected) EXPECT_GT(seconds, 0);
}

}  // namespace
}  // namespace pdarts
