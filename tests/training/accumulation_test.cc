// Tests train.accumulate: if a step computes its batch in parts, it is the step of the whole batch,
// except for batch normalization, and takes the memory of one part.

#include <memory>
#include <string>
#include <vector>

#include "ATen/Parallel.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/randint.h"
#include "ATen/ops/randn.h"
#include "absl/strings/str_cat.h"
#include "c10/core/GradMode.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/tensor_memory.h"
#include "pdarts/core/training.h"
#include "pdarts/trainers/memory_estimate.h"
#include "pdarts/trainers/network_step.h"
#include "tests/batteries/make_spec.h"
#include "torch/nn/module.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kClasses = 5;

/// A network of two layers without batch normalization, with an auxiliary head, and with a random
/// number for the place of each image in the epoch.
class PlainNetwork : public Network {
 public:
  PlainNetwork() {
    const auto draw = [](const char* name, at::IntArrayRef sizes) {
      return at::randn(sizes, MakeGenerator(1, name), at::kDouble);
    };
    hidden_ = register_parameter("hidden", draw("hidden", {12, 7}));
    scores_ = register_parameter("scores", draw("scores", {7, kClasses}));
    auxiliary_ = register_parameter("auxiliary", draw("auxiliary", {7, kClasses}));
  }

 private:
  NetworkOutput DoForward(const at::Tensor& images, const ForwardContext& context) override {
    const at::Tensor noise = at::empty({images.size(0), 7}, at::kFloat);
    for (int64_t i = 0; i < images.size(0); ++i) {
      context.masks.Normal(i, 0, 7, noise[i].mutable_data_ptr<float>());
    }
    const at::Tensor values =
        images.reshape({images.size(0), 12}).matmul(hidden_).add(noise.to(at::kDouble)).relu();
    return {values.matmul(scores_), values.matmul(auxiliary_)};
  }

  at::Tensor hidden_, scores_, auxiliary_;
};

Batch ABatch(int64_t images, at::IntArrayRef image, at::ScalarType dtype, int64_t first_image) {
  std::vector<int64_t> sizes = {images};
  sizes.insert(sizes.end(), image.begin(), image.end());
  Batch batch;
  batch.images = at::randn(sizes, MakeGenerator(1, absl::StrCat("images ", first_image)), dtype);
  batch.labels = at::randint(kClasses, {images},
                             MakeGenerator(1, absl::StrCat("labels ", first_image)), at::kLong);
  batch.epoch = 2;
  batch.first_image = first_image;
  return batch;
}

TrainSettings Settings(int batch_size, int accumulate) {
  TrainSettings settings;
  settings.set_batch_size(batch_size);
  settings.set_accumulate(accumulate);
  settings.set_label_smoothing(0.1);
  return settings;
}

/// The last batch is smaller than the others.
TEST(Accumulation, PartsAreTheStepOfTheWholeBatch) {
  for (const double clip_norm : {0.0, 0.1}) {
    TrainSettings whole_settings = Settings(8, 1), parts_settings = Settings(8, 3);
    whole_settings.mutable_weights()->set_clip_norm(clip_norm);
    parts_settings.mutable_weights()->set_clip_norm(clip_norm);
    const auto whole = std::make_shared<PlainNetwork>(), parts = std::make_shared<PlainNetwork>();
    const auto average = std::make_shared<PlainNetwork>();
    parts_settings.set_average_decay(0.5);
    NetworkStep whole_step(whole, nullptr, whole_settings, /*seed=*/3);
    NetworkStep parts_step(parts, average, parts_settings, /*seed=*/3);
    for (const int64_t images : {8, 8, 5}) {
      const Batch batch = ABatch(images, {3, 2, 2}, at::kDouble, /*first_image=*/8);
      const at::Tensor before = average->parameters()[0].detach().clone();
      const auto one = whole_step.Train(batch, /*learning_rate=*/0.1, /*drop_path=*/0);
      const auto three = parts_step.Train(batch, /*learning_rate=*/0.1, /*drop_path=*/0);
      ASSERT_TRUE(one.ok() && three.ok()) << one.status() << three.status();
      EXPECT_TRUE(three->loss.allclose(one->loss, 0, 1e-12));
      EXPECT_TRUE(three->logits.allclose(one->logits, 0, 1e-12));
      for (size_t i = 0; i < whole->parameters().size(); ++i) {
        EXPECT_TRUE(
            parts->parameters()[i].allclose(whole->parameters()[i], /*rtol=*/0, /*atol=*/1e-12));
      }
      // The average moves once in each step.
      EXPECT_TRUE(average->parameters()[0].allclose((before + parts->parameters()[0]) / 2));
    }
  }
}

constexpr char kSpec[] = R"(
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 5 height: 32 width: 32 train_images: 64 test_images: 10
  }
}
genotype: "PDARTS"
network { cells: 3 channels: 4 }
train { batch_size: 32 evaluation_batch_size: 2 average_decay: 0.5 }
)";

absl::StatusOr<Training> Make(const std::vector<std::string>& settings) {
  at::set_num_threads(1);
  return MakeTraining(MakeSpec<TrainSpec>(kSpec, settings));
}

std::shared_ptr<Network> Build(const Training& training) {
  return BuildTrainedNetwork(training, c10::kCPU, MakeGenerator(1, "weights")).value();
}

TEST(Accumulation, ABatchNormalizationKnowsItsPartOnly) {
  const Training training = Make({}).value();
  const TrainSettings whole = Settings(8, 1), halves = Settings(8, 2);
  const Batch batch = ABatch(8, {3, 32, 32}, at::kFloat, /*first_image=*/16);
  NetworkStep in_halves(Build(training), nullptr, halves), at_once(Build(training), nullptr, whole);
  const at::Tensor scores = in_halves.Train(batch, 0.1, /*drop_path=*/0.3)->logits;
  Batch first = batch;
  first.images = batch.images.narrow(0, 0, 4);
  first.labels = batch.labels.narrow(0, 0, 4);
  NetworkStep alone(Build(training), nullptr, whole);
  EXPECT_TRUE(alone.Train(first, 0.1, 0.3)->logits.allclose(scores.narrow(0, 0, 4)));
  EXPECT_FALSE(at_once.Train(batch, 0.1, 0.3)->logits.allclose(scores));
}

TEST(Accumulation, ASmallerPartTakesLessMemory) {
  const Training training = Make({}).value();
  const auto peak = [&](int accumulate) {
    const TrainSettings settings = Settings(32, accumulate);
    const Batch batch = ABatch(32, {3, 32, 32}, at::kFloat, 0);
    NetworkStep step(Build(training), nullptr, settings);
    const TensorMemory memory;
    EXPECT_TRUE(step.Train(batch, 0.1, 0).ok());
    return memory.peak();
  };
  const auto whole = static_cast<double>(peak(1)), parts = static_cast<double>(peak(8));
  EXPECT_LT(parts, whole / 2);
}

TEST(Accumulation, TheMemoryEstimateKnowsParts) {
  const auto bytes = [](const std::vector<std::string>& settings) {
    const Training training = Make(settings).value();
    const BatchSizes batches = TrainingBatches(training.spec.train(), nullptr);
    const auto estimate = EstimateTrainingMemory(training, batches, MemoryPolicy());
    EXPECT_TRUE(estimate.ok()) << estimate.status();
    return static_cast<double>(estimate->batch_memory.Bytes(batches));
  };
  const double fixed = 32e6;  // the fixed part of every estimate
  const double whole = bytes({"train.batch_size=128"}) - fixed;
  const double parts = bytes({"train.batch_size=128", "train.accumulate=16"}) - fixed;
  EXPECT_LT(parts, whole / 2);
  // The images of the whole batch are in memory nevertheless.
  EXPECT_GT(parts, 128 * 3 * 32 * 32 * 4);
}

TEST(Accumulation, TheMemoryEstimateKnowsTheAverage) {
  const auto estimate = [](const std::string& decay) {
    const Training training =
        Make({"network.channels=16", absl::StrCat("train.average_decay=", decay)}).value();
    const auto estimate = EstimateTrainingMemory(
        training, TrainingBatches(training.spec.train(), nullptr), MemoryPolicy());
    EXPECT_TRUE(estimate.ok()) << estimate.status();
    return estimate->batch_memory.fixed;
  };
  double weights = 0;
  for (const at::Tensor& weight : Build(Make({"network.channels=16"}).value())->parameters()) {
    weights += static_cast<double>(weight.nbytes());
  }
  // A second copy of the weights and of the running statistics.
  const double average = estimate("0.5") - estimate("0");
  EXPECT_GT(average, 0.9 * weights);
  EXPECT_LT(average, 1.5 * weights);
}

TEST(Accumulation, PartsThatDoNotFitAreRefused) {
  EXPECT_THAT(Make({"train.batch_size=8", "train.accumulate=9"}).status().ToString(),
              HasSubstr("INVALID_ARGUMENT: train.accumulate: a batch of 8 images "
                        "(train.batch_size) has no 9 parts; at most 8 are possible"));
  EXPECT_TRUE(Make({"train.batch_size=8", "train.accumulate=8"}).ok());
}

}  // namespace
}  // namespace pdarts
