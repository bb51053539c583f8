// Trainings of derived networks on the counting device, which behaves like a GPU. Weights and
// measurements must be those of the CPU, and a training must continue from each of its states.

#include "pdarts/core/training.h"

#include <string>
#include <vector>

#include "ATen/Parallel.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pdarts/core/network.h"
#include "pdarts/core/testing/counting_device.h"
#include "pdarts/runs/checkpoint.h"
#include "pdarts/trainers/network_trainer.h"
#include "tests/batteries/make_spec.h"
#include "tests/batteries/state_keeper.h"
#include "tests/batteries/step_counters.h"

namespace pdarts {
namespace {

struct TestedSpace {
  const char* name;
  const char* text;
};

constexpr TestedSpace kSpaces[] = {
    {"darts", R"(
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
genotype: "PDARTS"
network { cells: 3 channels: 4 }
train {
  epochs: 2 batch_size: 8 evaluation_batch_size: 4
  drop_path: 0.5 label_smoothing: 0.1 average_decay: 0.5
}
)"},
    {"nasbench201", R"(
space { [type.googleapis.com/pdarts.nasbench201.NasBench201SpaceConfig] {} }
genotype: "|nor_conv_3x3~0|+|avg_pool_3x3~0|skip_connect~1|+|nor_conv_1x1~0|none~1|skip_connect~2|"
network { cells: 1 channels: 4 }
train { epochs: 2 batch_size: 8 evaluation_batch_size: 4 label_smoothing: 0.1 }
)"},
};

constexpr char kShared[] = R"(
name: "tiny"
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 32 width: 32 train_images: 20 test_images: 8
  }
}
)";

Training MakeTiny(const TestedSpace& space, const std::vector<std::string>& settings,
                  c10::Device device) {
  at::set_num_threads(1);
  absl::StatusOr<Training> training =
      MakeTraining(MakeSpec<TrainSpec>(absl::StrCat(kShared, space.text), settings), device);
  EXPECT_TRUE(training.ok()) << training.status();
  return std::move(training).value();
}

/// What is measured after each epoch.
class Measurements : public TrainObserver {
 public:
  absl::Status OnEpochEnd(const TrainEpochReport& report) override {
    train_losses.push_back(report.train.loss);
    test_losses.push_back(report.test.loss);
    class_right.push_back(report.class_right);
    return absl::OkStatus();
  }

  std::vector<double> train_losses, test_losses;
  std::vector<std::vector<int64_t>> class_right;
};

struct Outcome {
  absl::Status status;
  Measurements measurements;
  std::vector<std::string> states;
};

Outcome Train(const Training& training, const TrainingState* from = nullptr) {
  const DatasetSplits data = training.dataset->Load({}).value();
  auto trainer = NetworkTrainer::Create(training, data).value();
  Outcome outcome;
  if (from != nullptr) {
    outcome.status = trainer->Restore(*from);
    if (!outcome.status.ok()) return outcome;
  }
  for (const at::Tensor& parameter : trainer->network().parameters()) {
    EXPECT_EQ(parameter.device(), training.backend.device);
  }
  StateKeeper keeper;
  outcome.status = trainer->Train(&keeper, &outcome.measurements);
  outcome.states = std::move(keeper.contents);
  return outcome;
}

/// Expects that the tensors of two states are the same up to a relative difference.
void ExpectCloseStates(const std::string& actual, const std::string& expected, double tolerance) {
  const TrainingState one = DecodeCheckpoint(actual).value().state;
  const TrainingState other = DecodeCheckpoint(expected).value().state;
  ASSERT_EQ(one.tensors.size(), other.tensors.size());
  for (const auto& [name, tensor] : one.tensors) {
    ASSERT_EQ(other.tensors.count(name), 1u) << name;
    const at::Tensor a = tensor.to(at::kDouble), b = other.tensors.at(name).to(at::kDouble);
    EXPECT_TRUE(a.allclose(b, tolerance, tolerance)) << name;
  }
}

class CountingDeviceTraining : public ::testing::TestWithParam<TestedSpace> {};

TEST_P(CountingDeviceTraining, GivesTheWeightsOfTheReferenceKernelsOnTheCpu) {
  const auto settings = [](const char* kernels) {
    return std::vector<std::string>{"train.precision=FLOAT64",
                                    absl::StrCat("train.kernels=", kernels)};
  };
  const Outcome expected = Train(MakeTiny(GetParam(), settings("REFERENCE"), c10::kCPU));
  ASSERT_TRUE(expected.status.ok()) << expected.status;
  for (const char* const kernels : {"REFERENCE", "FUSED"}) {
    SCOPED_TRACE(kernels);
    const Outcome actual = Train(MakeTiny(GetParam(), settings(kernels), CountingDevice()));
    ASSERT_TRUE(actual.status.ok()) << actual.status;
    ASSERT_EQ(actual.states.size(), expected.states.size());
    for (size_t i = 0; i < expected.states.size(); ++i) {
      SCOPED_TRACE(i);
      ExpectCloseStates(actual.states[i], expected.states[i], 1e-8);
    }
    const Measurements &ours = actual.measurements, &theirs = expected.measurements;
    ASSERT_EQ(ours.test_losses.size(), theirs.test_losses.size());
    for (size_t epoch = 0; epoch < theirs.test_losses.size(); ++epoch) {
      EXPECT_NEAR(ours.train_losses[epoch], theirs.train_losses[epoch], 1e-8);
      EXPECT_NEAR(ours.test_losses[epoch], theirs.test_losses[epoch], 1e-8);
    }
    EXPECT_EQ(ours.class_right, theirs.class_right);
  }
}

TEST_P(CountingDeviceTraining, ResumesFromEveryStateToTheSameEnd) {
  const Training training = MakeTiny(GetParam(), {}, CountingDevice());
  const Outcome whole = Train(training);
  ASSERT_TRUE(whole.status.ok()) << whole.status;
  // Three steps and an end in each of two epochs.
  ASSERT_EQ(whole.states.size(), 8u);
  for (size_t i = 0; i + 1 < whole.states.size(); ++i) {
    SCOPED_TRACE(i);
    const Checkpoint checkpoint = DecodeCheckpoint(whole.states[i]).value();
    const Outcome resumed = Train(training, &checkpoint.state);
    ASSERT_TRUE(resumed.status.ok()) << resumed.status;
    ExpectCloseStates(resumed.states.back(), whole.states.back(), 0);
  }
}

TEST_P(CountingDeviceTraining, ResumesOnAnotherDevice) {
  const std::vector<std::string> settings = {"train.precision=FLOAT64", "train.kernels=REFERENCE"};
  const Training on_cpu = MakeTiny(GetParam(), settings, c10::kCPU);
  const Training on_device = MakeTiny(GetParam(), settings, CountingDevice());
  const Outcome whole = Train(on_device);
  ASSERT_TRUE(whole.status.ok()) << whole.status;
  const Checkpoint checkpoint = DecodeCheckpoint(whole.states[2]).value();
  const Outcome resumed = Train(on_cpu, &checkpoint.state);
  ASSERT_TRUE(resumed.status.ok()) << resumed.status;
  ExpectCloseStates(resumed.states.back(), whole.states.back(), 1e-8);
}

TEST_P(CountingDeviceTraining, AStepCopiesItsBatchOnceAndWaitsForNothing) {
  const Training training = MakeTiny(GetParam(), {"dataset.train_images=64"}, CountingDevice());
  const DatasetSplits data = training.dataset->Load({}).value();
  auto trainer = NetworkTrainer::Create(training, data).value();
  StepCounters counters;
  Measurements measurements;
  const absl::Status status = trainer->Train(&counters, &measurements);
  ASSERT_TRUE(status.ok()) << status;
  constexpr size_t kSteps = 8;  // of each of two epochs
  ASSERT_EQ(counters.after_steps.size(), 2 * kSteps);
  for (size_t i = 0; i < 2 * kSteps; ++i) {
    // The host reads the metrics after the first step of an epoch.
    if (i % kSteps == 0) continue;
    SCOPED_TRACE(i);
    const DeviceCounters &before = counters.after_steps[i - 1], &after = counters.after_steps[i];
    EXPECT_EQ(after.copies_to_device - before.copies_to_device, 1);
    EXPECT_EQ(after.copies_from_device - before.copies_from_device, 0);
    EXPECT_EQ(after.synchronizations - before.synchronizations, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Spaces, CountingDeviceTraining, ::testing::ValuesIn(kSpaces),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace pdarts
