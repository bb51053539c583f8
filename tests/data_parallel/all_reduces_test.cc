// Tests the number of all-reduces in a step, and steps in which the processes cannot communicate.

#include <cstdint>
#include <limits>
#include <memory>

#include "ATen/Parallel.h"
#include "ATen/ops/randint.h"
#include "ATen/ops/randn.h"
#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/communicator.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/core/libtorch_errors.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/super_net.h"
#include "pdarts/trainers/search_step.h"

namespace pdarts {
namespace {

constexpr int kCells = 2;

/// A communicator for process 0 of two processes with the same images. The other process does not
/// exist.
class MirrorCommunicator : public Communicator {
 public:
  /// `fails_at` is the number of the all-reduce in which the other process has ended. The first is
  /// 0.
  explicit MirrorCommunicator(int64_t fails_at = std::numeric_limits<int64_t>::max())
      : fails_at_(fails_at) {}
  int rank() const override { return 0; }
  int size() const override { return 2; }

 private:
  absl::Status DoAllReduce(const at::Tensor& buffer) override {
    if (calls_++ == fails_at_) return absl::UnavailableError("process 1 of 2 has ended");
    buffer.mul_(2);
    return absl::OkStatus();
  }
  absl::Status DoBroadcast(const at::Tensor&, int) override { return absl::OkStatus(); }
  absl::Status DoBarrier() override { return absl::OkStatus(); }

  const int64_t fails_at_;
  int64_t calls_ = 0;
};

class AllReducesTest : public ::testing::TestWithParam<Kernels> {
 protected:
  AllReducesTest() { at::set_num_threads(1); }

  /// `type` is the type of the weights, or bfloat16 for bfloat16 activations with float32 weights.
  static absl::StatusOr<GradientResult> TrainWeights(Communicator& communicator,
                                                     at::ScalarType type = at::kDouble) {
    const at::ScalarType parameters = type == at::kBFloat16 ? at::kFloat : type;
    const auto space = Registry<SearchSpace>::CreateDefault("darts").value();
    SuperNetShape shape;
    shape.cells = kCells;
    shape.channels = 4;
    shape.image = {3, 8, 8};
    shape.backend.kernels = GetParam();
    shape.backend.parameters = parameters;
    shape.backend.storage = type;
    const auto super_net =
        space->BuildSuperNet(space->InitialCandidates().value(), shape, MakeGenerator(1, "weights"))
            .value();
    super_net->to(parameters);
    const SearchSettings settings;
    SearchStep step(super_net, settings, /*seed=*/0, /*stage=*/0, communicator);
    Batch batch;
    batch.images = at::randn({4, 3, 8, 8}, MakeGenerator(1, "images"), at::kDouble).to(parameters);
    batch.labels = at::randint(10, {4}, MakeGenerator(1, "labels"), at::kLong);
    if (communicator.size() > 1) {
      batch.parts = {{/*images=*/4, /*all_images=*/8, /*first_image=*/0, /*is_shared=*/true}};
    }
    return CatchLibTorchErrors([&] { return step.TrainWeights(batch, /*learning_rate=*/0.1); });
  }
};

TEST_P(AllReducesTest, AreOneForAllNormalizationsAtATime) {
  MirrorCommunicator communicator;
  const absl::StatusOr<GradientResult> pass = TrainWeights(communicator);
  ASSERT_TRUE(pass.ok()) << pass.status();
  // One all-reduce for the stem; for each cell, one for the normalizations of both inputs, then two
  // rounds for the operations on the inputs, and two for each of the three nodes that have
  // operations. All of these occur in the forward and in the backward pass, followed by one for the
  // gradients.
  EXPECT_EQ(communicator.counts().all_reduces, 2 * (1 + kCells * (1 + 2 * 4)) + 1);
}

TEST_P(AllReducesTest, TwoProcessesWithTheSameImagesComputeWhatOneComputes) {
  MirrorCommunicator communicator;
  const absl::StatusOr<GradientResult> two = TrainWeights(communicator);
  const absl::StatusOr<GradientResult> one = TrainWeights(SingleProcess());
  ASSERT_TRUE(two.ok() && one.ok()) << two.status() << one.status();
  EXPECT_EQ(two->images, 8);
  EXPECT_TRUE(two->loss.allclose(one->loss, 1e-12));
  ASSERT_EQ(two->weights.size(), one->weights.size());
  for (size_t i = 0; i < one->weights.size(); ++i) {
    EXPECT_TRUE(two->weights[i].allclose(one->weights[i], 1e-9, 1e-11)) << i;
  }
}

TEST_P(AllReducesTest, ActivationsOfBfloat16AreNormalizedTogetherToo) {
  MirrorCommunicator communicator;
  const absl::StatusOr<GradientResult> two = TrainWeights(communicator, at::kBFloat16);
  const absl::StatusOr<GradientResult> one = TrainWeights(SingleProcess(), at::kBFloat16);
  ASSERT_TRUE(two.ok() && one.ok()) << two.status() << one.status();
  EXPECT_NEAR(two->loss.item<double>(), one->loss.item<double>(), 1e-2);
  double difference = 0, sum = 0;
  for (size_t i = 0; i < one->weights.size(); ++i) {
    difference += (two->weights[i] - one->weights[i]).square().sum().item<double>();
    sum += one->weights[i].square().sum().item<double>();
  }
  EXPECT_LT(difference, 1e-2 * sum);
}

TEST_P(AllReducesTest, AnErrorEndsTheStepAtEveryPlace) {
  MirrorCommunicator whole;
  ASSERT_TRUE(TrainWeights(whole).ok());
  const int64_t all = whole.counts().all_reduces;
  for (const int64_t place : {int64_t{0}, all / 4, all / 2 + 1, 3 * all / 4, all - 1}) {
    MirrorCommunicator communicator(place);
    const absl::Status status = TrainWeights(communicator).status();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_EQ(status.message(), "process 1 of 2 has ended");
    EXPECT_EQ(communicator.counts().all_reduces, place + 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, AllReducesTest, ::testing::Values(FUSED, REFERENCE),
                         [](const auto& info) { return Kernels_Name(info.param); });

}  // namespace
}  // namespace pdarts
