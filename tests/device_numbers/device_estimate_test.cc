// Memory estimates for another device than the CPU. They measure on the device, and get the free
// memory from the device.

#include <cstdint>
#include <string>

#include "ATen/ops/randn.h"
#include "ATen/ops/zeros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/device_memory.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/random.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/super_net.h"
#include "pdarts/core/testing/counting_device.h"
#include "pdarts/core/testing/counting_memory.h"
#include "pdarts/core/training.h"
#include "pdarts/trainers/memory_estimate.h"
#include "pdarts/trainers/super_net_gradients.h"

namespace pdarts {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kSearchSpec[] = R"(
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 8 width: 8 train_images: 64 test_images: 8
  }
}
schedule {
  [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {
    stages { cells: 3 channels: 4 epochs: 2 warmup_epochs: 1 keep: 1 }
  }
}
search { batch_size: 8 }
)";

constexpr char kTrainSpec[] = R"(
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 32 width: 32 train_images: 64 test_images: 8
  }
}
genotype: "PDARTS"
network { cells: 3 channels: 4 }
train { epochs: 2 batch_size: 8 evaluation_batch_size: 4 }
)";

Experiment OnDevice() {
  return MakeExperiment(ParseSpec(kSearchSpec, "tiny").value(), CountingDevice()).value();
}

TEST(DeviceEstimate, OfAStageIsOfTheDevice) {
  ASSERT_TRUE(HasMemoryEstimates(CountingDevice()));
  const Experiment experiment = OnDevice();
  const Candidates candidates = experiment.space->InitialCandidates().value();
  const absl::StatusOr<MemoryEstimate> estimate =
      EstimateStageMemory(experiment, 0, candidates, {/*training=*/32, /*evaluation=*/0}, {});
  ASSERT_TRUE(estimate.ok()) << estimate.status();
  ASSERT_TRUE(estimate->policy.limit.has_value());
  EXPECT_THAT(estimate->policy.limit->name, HasSubstr("counting"));
  EXPECT_LE(estimate->policy.limit->available_bytes, kCountingDeviceBytes);
  EXPECT_GT(estimate->policy.limit->available_bytes, kCountingDeviceBytes / 2);
  EXPECT_LT(estimate->resident_bytes, 1000000) << "the device is empty";

  const SuperNetShape shape = experiment.StageSuperNetShape(0);
  FreeCachedDeviceMemory();
  ResetDevicePeak();
  const int64_t before = DeviceMemoryInUse().allocated;
  const auto super_net =
      experiment.space->BuildSuperNet(candidates, shape, MakeGenerator(1, "weights")).value();
  super_net->to(CountingDevice());
  GradientRequest request;
  request.images = at::randn({32, 3, shape.image.height, shape.image.width}).to(CountingDevice());
  request.labels = at::zeros({32}, at::kLong).to(CountingDevice());
  ComputeGradients(*super_net, request);
  const auto held = static_cast<double>(DeviceMemoryInUse().peak - before);
  EXPECT_GT(held, 0);
  const auto expected = static_cast<double>(estimate->batch_memory.Bytes(estimate->batches));
  EXPECT_GT(expected, held);
  EXPECT_LT(expected, 4 * held + 96e6);
  EXPECT_GE(DeviceMemory::PeakBytesOfAll(), DeviceMemoryInUse().peak);
}

TEST(DeviceEstimate, OfATrainingIsOfTheDevice) {
  TrainSpec spec;
  ASSERT_TRUE(ParseSpecInto(kTrainSpec, "tiny", &spec).ok());
  const Training training = MakeTraining(spec, CountingDevice()).value();
  const absl::StatusOr<MemoryEstimate> estimate =
      EstimateTrainingMemory(training, {/*training=*/8, /*evaluation=*/4}, {});
  ASSERT_TRUE(estimate.ok()) << estimate.status();
  EXPECT_GT(estimate->batch_memory.fixed, 0);
  EXPECT_GT(estimate->batch_memory.per_image, 0);
  EXPECT_GT(estimate->batch_memory.per_evaluation_image, 0);
  EXPECT_LT(estimate->batch_memory.per_evaluation_image, estimate->batch_memory.per_image);
  EXPECT_TRUE(estimate->CheckFits().ok());
}

TEST(DeviceEstimate, ImagesThatAreReadAheadDoNotLieOnTheDevice) {
  const Experiment experiment = OnDevice();
  BatchSizes batches = {/*training=*/8, /*evaluation=*/8};
  batches.loading = int64_t{1} << 40;
  const absl::StatusOr<MemoryEstimate> estimate = EstimateStageMemory(
      experiment, 0, experiment.space->InitialCandidates().value(), batches, {});
  ASSERT_TRUE(estimate.ok()) << estimate.status();
  EXPECT_TRUE(estimate->CheckFits().ok()) << estimate->CheckFits();
}

TEST(DeviceEstimate, ABatchThatDoesNotFitIsRefusedWithTheDevicesName) {
  const Experiment experiment = OnDevice();
  const absl::StatusOr<MemoryEstimate> estimate =
      EstimateStageMemory(experiment, 0, experiment.space->InitialCandidates().value(),
                          {/*training=*/1000000, /*evaluation=*/0}, {});
  ASSERT_TRUE(estimate.ok()) << estimate.status();
  const absl::Status status = estimate->CheckFits();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("stage 1 needs about"), HasSubstr("(the memory of counting")));
}

}  // namespace
}  // namespace pdarts
