// Whole searches on the counting device, with recorded steps and without.

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/super_net.h"
#include "pdarts/core/testing/counting_device.h"
#include "pdarts/runs/checkpoint.h"
#include "pdarts/trainers/search_trainer.h"
#include "tests/batteries/make_spec.h"
#include "tests/batteries/step_counters.h"
#include "tests/batteries/tiny_search.h"
#include "tests/search/counting_graph_recorder.h"
#include "tests/search/drifting.pb.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

/// The penalty of the alphas is NaN from a call on.
class PoisonedPenalty : public Regularizer {
 public:
  explicit PoisonedPenalty(int nan_from) : nan_from_(nan_from) {}
  at::Tensor AlphaPenalty(const SearchContext& context) override {
    const bool is_nan = nan_from_ > 0 && ++calls_ >= nan_from_;
    return context.super_net->ProbabilityTensor(0).sum() * (is_nan ? NAN : 0.0);
  }

 private:
  const int nan_from_;
  int calls_ = 0;
};

const bool registered = Registry<Regularizer>::Register<DriftingConfig>(
    "poison", "of a test",
    [](const DriftingConfig& config) -> absl::StatusOr<std::unique_ptr<Regularizer>> {
      return std::make_unique<PoisonedPenalty>(config.nan_from());
    });

/// Halves of 23 images, so that an epoch has five whole batches and a smaller one.
constexpr char kSpec[] = R"(
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 8 width: 8 train_images: 46 test_images: 8
  }
}
schedule {
  [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {
    stages { cells: 2 channels: 2 epochs: 2 warmup_epochs: 1 keep: 2 }
    stages { cells: 2 channels: 2 epochs: 2 warmup_epochs: 0 keep: 1 }
  }
}
regularizers {
  [type.googleapis.com/pdarts.regularizers.SkipDropoutConfig] { initial_rates: [0, 0.4] }
}
regularizers { [type.googleapis.com/pdarts.regularizers.SkipLimitConfig] {} }
regularizers {
  [type.googleapis.com/pdarts.regularizers.EdgeDropPathConfig] { initial_rate: 0.1 final_rate: 0.3 }
}
regularizers { [type.googleapis.com/pdarts.regularizers.BetaDecayConfig] { initial_weight: 1 } }
regularizers {
  [type.googleapis.com/pdarts.regularizers.ProbabilityPenaltyConfig] { initial_weight: -1 }
}
search {
  batch_size: 4 evaluated_epochs: 1 evaluation_batch_size: 8 weights { cosine_by_step: true }
}
)";

SearchOutcome SearchOnDevice(const std::vector<std::string>& settings,
                             Checkpointer* checkpointer = nullptr,
                             const TrainingState* resume = nullptr, const char* more = "") {
  const auto spec = MakeSpec<ExperimentSpec>(absl::StrCat(kSpec, more), settings);
  const Experiment experiment = MakeExperiment(spec, CountingDevice()).value();
  const DatasetSplits data = experiment.dataset->Load({}).value();
  SearchOptions options;
  options.checkpointer = checkpointer;
  options.resume = resume;
  SearchOutcome outcome;
  outcome.result = RunSearch(experiment, data, options, &outcome.log);
  return outcome;
}

TEST(SearchOnDevice, FindsTheSameWithRecordedStepsAndWithout) {
  const WithCountingGraphs graphs;
  for (const std::string order : {"ALPHAS_FIRST", "WEIGHTS_FIRST"}) {
    SCOPED_TRACE(order);
    const std::string setting = "search.step_order=" + order;
    const int before = graphs.calls().replays;
    const SearchOutcome without = SearchOnDevice({setting, "search.cuda_graphs=OFF"});
    EXPECT_EQ(graphs.calls().replays, before);
    const SearchOutcome with = SearchOnDevice({setting, "search.cuda_graphs=ON"});
    EXPECT_GT(graphs.calls().replays, before);
    ExpectSameEnd(without, with);
    EXPECT_EQ(without.log.lines, with.log.lines);
  }
}

/// A resumed search computes its first steps without a recording.
TEST(SearchOnDevice, ResumesToTheSameEndWithRecordedSteps) {
  const WithCountingGraphs graphs;
  const std::vector<std::string> settings = {"search.cuda_graphs=ON"};
  StateKeeper keeper;
  const SearchOutcome whole = SearchOnDevice(settings, &keeper);
  ASSERT_TRUE(whole.result.ok()) << whole.result.status();
  ASSERT_FALSE(keeper.contents.empty());
  for (size_t i = 2; i < keeper.contents.size(); i += 5) {
    SCOPED_TRACE(keeper.places[i]);
    const Checkpoint checkpoint = DecodeCheckpoint(keeper.contents[i]).value();
    const SearchOutcome resumed = SearchOnDevice(settings, nullptr, &checkpoint.state);
    ExpectSameEnd(whole, resumed);
    ASSERT_LE(resumed.log.lines.size(), whole.log.lines.size());
    EXPECT_EQ(std::vector<std::string>(
                  whole.log.lines.end() - static_cast<int64_t>(resumed.log.lines.size()),
                  whole.log.lines.end()),
              resumed.log.lines);
  }
}

/// The host learns of it up to 50 steps later, and still knows the step.
TEST(SearchOnDevice, NamesTheStepWhoseNumbersAreNotFinite) {
  for (const int call : {2, 5}) {
    const SearchOutcome outcome = SearchOnDevice(
        {}, nullptr, nullptr,
        absl::StrCat(
            "regularizers { [type.googleapis.com/pdarts.DriftingConfig] { nan_from: ", call, " } }")
            .c_str());
    ASSERT_FALSE(outcome.result.ok());
    EXPECT_THAT(outcome.result.status().ToString(),
                HasSubstr(absl::StrCat("an alpha is not a finite number in stage 1, epoch 2, step ",
                                       call)));
  }
}

TEST(SearchOnDevice, AStepCopiesEachBatchOnceAndWaitsForNothing) {
  for (const char* const kernels : {"REFERENCE", "FUSED"}) {
    StepCounters counters;
    const SearchOutcome outcome =
        SearchOnDevice({absl::StrCat("search.kernels=", kernels)}, &counters);
    ASSERT_TRUE(outcome.result.ok()) << outcome.result.status();
    constexpr size_t kSteps = 6;  // of each of four epochs
    ASSERT_EQ(counters.after_steps.size(), 4 * kSteps);
    for (size_t i = 0; i < 4 * kSteps; ++i) {
      // The host reads the metrics after the first step of an epoch.
      if (i % kSteps == 0) continue;
      SCOPED_TRACE(absl::StrCat(kernels, ", step ", i));
      const DeviceCounters &before = counters.after_steps[i - 1], &after = counters.after_steps[i];
      // The first epoch does not train the alphas.
      EXPECT_EQ(after.copies_to_device - before.copies_to_device, i < kSteps ? 1 : 2);
      EXPECT_EQ(after.copies_from_device - before.copies_from_device, 0);
      EXPECT_EQ(after.synchronizations - before.synchronizations, 0);
    }
  }
}

TEST(SearchOnDevice, ACheckpointTakesFewCopies) {
  class CopyCounter : public StateKeeper {
   public:
    absl::Status Save(const TrainingState& state) override {
      for (const auto& [name, tensor] : state.tensors) {
        EXPECT_TRUE(tensor.device().is_cpu()) << name;
      }
      const DeviceCounters counters = Counters();
      if (places.size() > 1) {
        // Of a step and of a state. An epoch's end measures, too.
        EXPECT_LE(counters.copies_from_device, 40) << state.place;
      }
      const absl::Status status = StateKeeper::Save(state);
      ResetCounters();
      return status;
    }
  };
  CopyCounter keeper;
  const SearchOutcome outcome = SearchOnDevice({}, &keeper);
  EXPECT_TRUE(outcome.result.ok()) << outcome.result.status();
  EXPECT_GT(keeper.places.size(), 10u);
}

}  // namespace
}  // namespace pdarts
