#include "pdarts/trainers/evaluation.h"

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "ATen/ops/arange.h"
#include "ATen/ops/full.h"
#include "ATen/ops/zeros.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/network.h"
#include "pdarts/core/tensor_memory.h"
#include "pdarts/core/testing/counting_device.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

/// A network whose predicted class is the value of the image's one pixel. The normalization changes
/// nothing.
class PixelReader : public Network {
 public:
  PixelReader(int64_t classes, double score) : classes_(classes), score_(score) {}

 private:
  NetworkOutput DoForward(const at::Tensor& images, const ForwardContext&) override {
    at::Tensor logits = at::zeros({images.size(0), classes_}, images.options());
    const at::Tensor pixel = images.reshape({-1, 1}).mul(255).round().to(at::kLong);
    logits.scatter_(1, pixel, score_);
    return {logits, {}};
  }

  const int64_t classes_;
  const double score_;
};

/// A network that predicts class 0 for every image, with a probability that grows with the pixel.
class Climber : public Network {
 public:
  explicit Climber(double step) : step_(step) {}

 private:
  NetworkOutput DoForward(const at::Tensor& images, const ForwardContext&) override {
    at::Tensor logits = at::zeros({images.size(0), 2}, images.options());
    logits.select(1, 0).copy_(images.reshape({-1}).mul(255).round().mul(step_).add(1));
    return {logits, {}};
  }

  const double step_;
};

/// A network with random logits.
class NormalizationDependent : public Network {
 private:
  NetworkOutput DoForward(const at::Tensor& images, const ForwardContext& context) override {
    const at::Tensor logits = at::zeros({images.size(0), 10});
    for (int64_t i = 0; i < images.size(0); ++i) {
      context.masks.Normal(i, 0, 10, logits[i].mutable_data_ptr<float>());
    }
    return {logits, {}};
  }
};

DatasetInfo Info(int classes) {
  DatasetInfo info;
  info.image = {1, 1, 1};
  for (int c = 0; c < classes; ++c) info.class_names.push_back(absl::StrCat(c));
  info.mean = {0};
  info.deviation = {1};
  return info;
}

/// Evaluates on images whose pixels count from 0. All images except the first have the last class.
absl::StatusOr<Evaluation> Measure(Network& network, int64_t images, int classes,
                                   int64_t batch_size, const std::function<bool()>& stop = {},
                                   c10::Device device = c10::kCPU) {
  at::Tensor labels = at::full({images}, classes - 1, at::kLong);
  labels[0] = 0;
  const auto source =
      MakeMemorySource(at::arange(images, at::kByte).view({images, 1, 1, 1}), labels, "counted");
  const auto loader = MakeEvaluationLoader(source, images, Transforms::Plain().value(),
                                           Info(classes), batch_size, LoadingSettings());
  EXPECT_TRUE(loader.ok()) << loader.status();
  return Evaluate(network, **loader, device, stop);
}

TEST(EvaluationTest, TellsWhatEachImageWasTakenFor) {
  PixelReader network(10, 5);
  const absl::StatusOr<Evaluation> evaluation = Measure(network, 8, 10, /*batch_size=*/3);
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  EXPECT_TRUE(evaluation->predicted_classes.equal(at::arange(8, at::kLong)));
  EXPECT_EQ(evaluation->accuracy.top1, 12.5);
}

TEST(EvaluationTest, WhatIsDrawnForAnImageDoesNotDependOnTheBatch) {
  NormalizationDependent network;
  const auto predicted_classes = [&](int64_t batch_size) {
    return Measure(network, 50, 10, batch_size).value().predicted_classes;
  };
  EXPECT_TRUE(predicted_classes(3).equal(predicted_classes(50)));
  EXPECT_FALSE(predicted_classes(3).eq(predicted_classes(3)[0]).all().item<bool>())
      << "every image is given the same";
}

TEST(EvaluationTest, KeepsTheMostConfidentMistakes) {
  Climber network(0.1);
  for (const int64_t batch_size : {7, 40}) {
    // All images except image 0 are of class 1.
    const absl::StatusOr<Evaluation> evaluation = Measure(network, 40, 2, batch_size);
    ASSERT_TRUE(evaluation.ok()) << evaluation.status();
    ASSERT_EQ(evaluation->mistakes.size(), kMostMistakes);
    int64_t image = 39;
    for (const ConfidentMistake& mistake : evaluation->mistakes) {
      EXPECT_EQ(mistake.image, image);
      EXPECT_EQ(mistake.predicted_class, 0);
      EXPECT_NEAR(mistake.probability, 1 / (1 + std::exp(-1 - 0.1 * static_cast<double>(image))),
                  1e-6);
      EXPECT_TRUE(mistake.pixels.equal(at::full({1, 1, 1}, image, at::kByte)));
      --image;
    }
  }
}

TEST(EvaluationTest, OfEquallyConfidentMistakesTheFirstOnesAreKept) {
  Climber network(0);
  const absl::StatusOr<Evaluation> evaluation = Measure(network, 40, 2, /*batch_size=*/7);
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  ASSERT_EQ(evaluation->mistakes.size(), kMostMistakes);
  for (size_t i = 0; i < kMostMistakes; ++i) {
    EXPECT_EQ(evaluation->mistakes[i].image, static_cast<int64_t>(i + 1));
  }
}

TEST(EvaluationTest, ADeviceIsReadOnceForManyBatchesAndGivesTheResultsOfTheCpu) {
  constexpr int64_t kImages = 120;  // one batch each: two reads of 50, and one of the rest
  Climber network(0.1);
  ResetCounters();
  const absl::StatusOr<Evaluation> there =
      Measure(network, kImages, 2, /*batch_size=*/1, /*stop=*/{}, CountingDevice());
  const DeviceCounters counters = Counters();
  ASSERT_TRUE(there.ok()) << there.status();
  EXPECT_EQ(counters.copies_from_device, 3);
  // One copy for each batch, and one blocking copy of the normalized values of all bytes.
  EXPECT_EQ(counters.copies_to_device, kImages + 1);
  EXPECT_EQ(counters.synchronizations, 3 + 1);

  const Evaluation here = Measure(network, kImages, 2, /*batch_size=*/1).value();
  EXPECT_EQ(there->accuracy.top1, here.accuracy.top1);
  EXPECT_EQ(there->accuracy.top5, here.accuracy.top5);
  EXPECT_EQ(there->accuracy.loss, here.accuracy.loss);
  EXPECT_TRUE(there->predicted_classes.equal(here.predicted_classes));
  ASSERT_EQ(there->mistakes.size(), here.mistakes.size());
  for (size_t i = 0; i < here.mistakes.size(); ++i) {
    EXPECT_EQ(there->mistakes[i].image, here.mistakes[i].image);
    EXPECT_EQ(there->mistakes[i].probability, here.mistakes[i].probability);
    EXPECT_TRUE(there->mistakes[i].pixels.equal(here.mistakes[i].pixels));
  }
}

TEST(EvaluationTest, ANetworkThatIsRightMakesNoMistakes) {
  PixelReader network(2, 5);
  const absl::StatusOr<Evaluation> evaluation = Measure(network, 2, 2, /*batch_size=*/2);
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  EXPECT_TRUE(evaluation->mistakes.empty());
}

TEST(EvaluationTest, NeedsNoMatrixOfAllClasses) {
  constexpr int kClasses = 20000;
  PixelReader network(kClasses, 5);
  const TensorMemory memory;
  ASSERT_TRUE(Measure(network, 200, kClasses, /*batch_size=*/100).ok());
  // The logits of a batch need 8 MB; a matrix of all classes would need 3,200 MB.
  EXPECT_LT(memory.peak(), 100e6);
}

TEST(EvaluationTest, ALossThatIsNoNumberIsAnError) {
  for (const double score : {kNotANumber, std::numeric_limits<double>::infinity()}) {
    PixelReader network(10, score);
    const absl::Status status = Measure(network, 8, 10, /*batch_size=*/3).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
    EXPECT_THAT(status.message(), HasSubstr("the loss on the test images is"));
  }
}

TEST(EvaluationTest, StopsWhereItIsAskedTo) {
  PixelReader network(10, 5);
  int asked = 0;
  const absl::Status status =
      Measure(network, 8, 10, /*batch_size=*/3, [&] { return ++asked == 2; }).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace pdarts
