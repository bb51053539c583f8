// Tests complete runs of several processes: their derived architectures and accuracies are those of
// one process.

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "ATen/Parallel.h"
#include "ATen/ops/tensor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/network.h"
#include "pdarts/core/super_net.h"
#include "pdarts/core/testing/process_threads.h"
#include "pdarts/core/training.h"
#include "pdarts/trainers/network_trainer.h"
#include "pdarts/trainers/search_trainer.h"
#include "tests/batteries/make_spec.h"
#include "tests/data_parallel/processes.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

constexpr char kSearchSpec[] = R"(
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
regularizers {
  [type.googleapis.com/pdarts.regularizers.SkipDropoutConfig] { initial_rates: [0, 0.4] }
}
regularizers { [type.googleapis.com/pdarts.regularizers.SkipLimitConfig] {} }
search {
  batch_size: 5 evaluation_batch_size: 5 evaluated_epochs: 1 precision: FLOAT64
  augmentation { crop_padding: 1 }
}
)";

absl::StatusOr<Experiment> MakeSearch(const std::vector<std::string>& settings) {
  ExperimentSpec spec;
  PDARTS_RETURN_IF_ERROR(MakeSpec(kSearchSpec, settings, &spec));
  return MakeExperiment(spec);
}

/// Expects that every process refuses to start, with an error that contains `message`.
void ExpectRefused(const std::vector<absl::Status>& statuses, const std::string& message) {
  for (const absl::Status& status : statuses) {
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }
}

TEST(SearchRun, FindsTheArchitectureOfOneProcess) {
  std::mutex mutex;
  std::vector<std::string> architectures;
  ExpectProcessesAgree(
      1e-7,
      [&](Communicator& communicator) -> absl::StatusOr<Tensors> {
        PDARTS_ASSIGN_OR_RETURN(const Experiment experiment, MakeSearch({}));
        PDARTS_ASSIGN_OR_RETURN(const DatasetSplits data, experiment.dataset->Load({}));
        SearchOptions options;
        options.communicator = &communicator;
        SearchObserver nobody;
        PDARTS_ASSIGN_OR_RETURN(const SearchResult result,
                                RunSearch(experiment, data, options, &nobody));
        PDARTS_RETURN_IF_ERROR(result.derivation.status());
        Tensors end = StateOf(*result.super_net);
        end["super-network's loss"] = Number(result.supernet.loss);
        end["super-network's top-1"] = Number(result.supernet.top1);
        const std::lock_guard<std::mutex> lock(mutex);
        architectures.push_back(result.derivation->architecture.SerializeAsString());
        return end;
      },
      {3});
  EXPECT_EQ(architectures.size(), 4u);
  EXPECT_EQ(std::set<std::string>(architectures.begin(), architectures.end()).size(), 1u);
}

TEST(SearchRun, ABatchHasAnImageForEachProcess) {
  const auto statuses = RunProcesses(3, [](Communicator& communicator) -> absl::Status {
    PDARTS_ASSIGN_OR_RETURN(const Experiment experiment, MakeSearch({"search.batch_size=2"}));
    PDARTS_ASSIGN_OR_RETURN(const DatasetSplits data, experiment.dataset->Load({}));
    SearchOptions options;
    options.communicator = &communicator;
    SearchObserver nobody;
    return RunSearch(experiment, data, options, &nobody).status();
  });
  ExpectRefused(statuses, "search.batch_size: 2 images at a time for 3 processes");
}

constexpr char kTrainSpec[] = R"(
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 3 height: 32 width: 32 train_images: 16 test_images: 25
  }
}
genotype: "PDARTS"
network { cells: 2 channels: 4 }
train {
  epochs: 2 batch_size: 7 evaluation_batch_size: 8 precision: FLOAT64
  drop_path: 0.5 label_smoothing: 0.1 average_decay: 0.5
  augmentation { crop_padding: 1 cutout: 0 }
}
)";

absl::StatusOr<Training> MakeTrainingOf(const std::vector<std::string>& settings) {
  TrainSpec spec;
  PDARTS_RETURN_IF_ERROR(MakeSpec(kTrainSpec, settings, &spec));
  return MakeTraining(spec);
}

/// Stores the evaluation of the last epoch.
class EvaluationKeeper : public TrainObserver {
 public:
  absl::Status OnEpochEnd(const TrainEpochReport& report) override {
    end["predicted_classes"] = report.evaluation->predicted_classes.to(at::kDouble);
    end["test loss"] = Number(report.test.loss);
    end["test top-1"] = Number(report.test.top1);
    end["train loss"] = Number(report.train.loss);
    end["skipped images"] = Number(static_cast<double>(report.skipped_images));
    end["mistakes"] = Number(static_cast<double>(report.evaluation->mistakes.size()));
    for (size_t i = 0; i < report.evaluation->mistakes.size(); ++i) {
      const ConfidentMistake& mistake = report.evaluation->mistakes[i];
      end[absl::StrCat("mistake ", i)] =
          at::tensor({static_cast<double>(mistake.image),
                      static_cast<double>(mistake.predicted_class), mistake.probability},
                     at::kDouble);
      end[absl::StrCat("pixels of mistake ", i)] = mistake.pixels.to(at::kDouble);
    }
    return absl::OkStatus();
  }
  Tensors end;
};

/// The test images have batches of 8, 8, 8 and 1 images.
TEST(TrainingRun, TrainsAndMeasuresWhatOneProcessDoes) {
  ExpectProcessesAgree(1e-8, [&](Communicator& communicator) -> absl::StatusOr<Tensors> {
    PDARTS_ASSIGN_OR_RETURN(const Training training, MakeTrainingOf({}));
    PDARTS_ASSIGN_OR_RETURN(const DatasetSplits data, training.dataset->Load({}));
    PDARTS_ASSIGN_OR_RETURN(const auto trainer,
                            NetworkTrainer::Create(training, data, communicator));
    EvaluationKeeper keeper;
    PDARTS_RETURN_IF_ERROR(trainer->Train(/*checkpointer=*/nullptr, &keeper));
    Tensors end = StateOf(trainer->network());
    end.insert(keeper.end.begin(), keeper.end.end());
    return end;
  });
}

TEST(TrainingRun, APartHasAnImageForEachProcess) {
  const auto statuses = RunProcesses(3, [](Communicator& communicator) -> absl::Status {
    PDARTS_ASSIGN_OR_RETURN(const Training training, MakeTrainingOf({"train.accumulate=4"}));
    PDARTS_ASSIGN_OR_RETURN(const DatasetSplits data, training.dataset->Load({}));
    return NetworkTrainer::Create(training, data, communicator).status();
  });
  ExpectRefused(statuses, "train.accumulate: 2 images at a time for 3 processes");
}

/// The last batch has two images. Batch normalization in the auxiliary head needs two values for
/// each channel.
TEST(TrainingRun, AShareThatIsNormalizedAloneIsNotTooSmall) {
  const auto statuses = RunProcesses(2, [](Communicator& communicator) -> absl::Status {
    PDARTS_ASSIGN_OR_RETURN(const Training training,
                            MakeTrainingOf({"train.synchronize_statistics=false"}));
    PDARTS_ASSIGN_OR_RETURN(const DatasetSplits data, training.dataset->Load({}));
    return NetworkTrainer::Create(training, data, communicator).status();
  });
  ExpectRefused(statuses,
                "7 leaves one of 2 processes one image of a batch, and synchronize_statistics is "
                "false");
}

/// Without synchronization, the processes train another network, but all processes train the same
/// one.
TEST(TrainingRun, StatisticsOfEachProcessAloneHaveOneMean) {
  at::set_num_threads(1);
  std::vector<Tensors> ends(3);
  const auto train = [&](Communicator& communicator) -> absl::Status {
    PDARTS_ASSIGN_OR_RETURN(const Training training,
                            MakeTrainingOf({"train.synchronize_statistics=false", "train.epochs=1",
                                            "train.auxiliary_weight=0"}));
    PDARTS_ASSIGN_OR_RETURN(const DatasetSplits data, training.dataset->Load({}));
    PDARTS_ASSIGN_OR_RETURN(const auto trainer,
                            NetworkTrainer::Create(training, data, communicator));
    TrainObserver nobody;
    PDARTS_RETURN_IF_ERROR(trainer->Train(/*checkpointer=*/nullptr, &nobody));
    const bool is_alone = communicator.size() == 1;
    ends[is_alone ? 2 : communicator.rank()] = StateOf(trainer->network());
    return absl::OkStatus();
  };
  for (const absl::Status& status : RunProcesses(2, train)) ASSERT_TRUE(status.ok()) << status;
  ASSERT_TRUE(train(SingleProcess()).ok());
  bool any_differs = false;
  for (const auto& [name, tensor] : ends[0]) {
    EXPECT_TRUE(tensor.equal(ends[1][name])) << name;
    any_differs = any_differs || !tensor.allclose(ends[2][name], 1e-6, 1e-9);
  }
  EXPECT_TRUE(any_differs);
}

}  // namespace
}  // namespace pdarts
