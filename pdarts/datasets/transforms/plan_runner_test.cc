#include "pdarts/datasets/transforms/plan_runner.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/_upsample_bilinear2d_aa.h"
#include "ATen/ops/arange.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/full.h"
#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/random_stream.h"
#include "pdarts/core/transform.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

const std::vector<double> kMean = {0.2, 0.5};
const std::vector<double> kDeviation = {0.3, 0.4};

/// A simple implementation that changes an image step by step, pixel by pixel.
class PlainImage {
 public:
  explicit PlainImage(const at::Tensor& image)
      : height_(image.size(1)), width_(image.size(2)), values_(static_cast<size_t>(image.size(0))) {
    const auto pixels = image.accessor<uint8_t, 3>();
    for (size_t c = 0; c < values_.size(); ++c) {
      for (int64_t y = 0; y < height_; ++y) {
        for (int64_t x = 0; x < width_; ++x) {
          values_[c].push_back(pixels[static_cast<int64_t>(c)][y][x]);
        }
      }
    }
  }

  void Do(const ImagePlan::Step& step) {
    using Kind = ImagePlan::Step::Kind;
    const PixelRegion& region = step.region;
    switch (step.kind) {
      case Kind::kWindow:
        return Replace(region.height, region.width, [&](size_t c, int64_t y, int64_t x) {
          y += region.top;
          x += region.left;
          return y >= 0 && y < height_ && x >= 0 && x < width_ ? value(c, y, x) : 0;
        });
      case Kind::kFlip:
        return Replace(height_, width_,
                       [&](size_t c, int64_t y, int64_t x) { return value(c, y, width_ - 1 - x); });
      case Kind::kErase:
        return Replace(height_, width_, [&](size_t c, int64_t y, int64_t x) {
          const bool is_in = y >= region.top && y < region.top + region.height &&
                             x >= region.left && x < region.left + region.width;
          return is_in ? 0 : value(c, y, x);
        });
      case Kind::kNormalize:
        return Replace(height_, width_, [&](size_t c, int64_t y, int64_t x) {
          return (value(c, y, x) / 255 - (*step.mean)[c]) / (*step.deviation)[c];
        });
      default:
        FAIL() << "no step that moves, erases or normalizes pixels";
    }
  }

  double value(size_t c, int64_t y, int64_t x) const {
    return values_[c][static_cast<size_t>(y * width_ + x)];
  }

 private:
  template <class Make>
  void Replace(int64_t height, int64_t width, Make make) {
    std::vector<std::vector<double>> values(values_.size());
    for (size_t c = 0; c < values.size(); ++c) {
      for (int64_t y = 0; y < height; ++y) {
        for (int64_t x = 0; x < width; ++x) values[c].push_back(make(c, y, x));
      }
    }
    values_ = values;
    height_ = height;
    width_ = width;
  }

  int64_t height_;
  int64_t width_;
  std::vector<std::vector<double>> values_;  ///< values of each channel
};

/// An image in memory that stores the arguments of its calls.
class TestSample : public Sample {
 public:
  /// `shrinks` tells whether Decode skips every other pixel if that is allowed.
  explicit TestSample(at::Tensor image, bool shrinks = false)
      : image_(std::move(image)), shrinks_(shrinks) {}
  int64_t width() const override { return image_.size(2); }
  int64_t height() const override { return image_.size(1); }
  absl::StatusOr<at::Tensor> Decode(const PixelRegion& region, int64_t min_height,
                                    int64_t min_width) const override {
    asked = region;
    asked_height = min_height;
    asked_width = min_width;
    if (damaged) return absl::DataLossError("is cut off");
    const at::Tensor part =
        image_.narrow(1, region.top, region.height).narrow(2, region.left, region.width);
    if (wrong) return part.to(at::kFloat);
    if (!shrinks_ || region.height < 2 * min_height || region.width < 2 * min_width) return part;
    return part.slice(1, 0, region.height / 2 * 2, 2).slice(2, 0, region.width / 2 * 2, 2);
  }

  mutable PixelRegion asked;
  mutable int64_t asked_height = 0, asked_width = 0;
  bool damaged = false;
  bool wrong = false;

 private:
  const at::Tensor image_;
  const bool shrinks_;
};

at::Tensor Pixels(int64_t channels, int64_t height, int64_t width) {
  return at::arange(channels * height * width)
      .mul(37)
      .remainder(251)
      .to(at::kByte)
      .view({channels, height, width});
}

at::Tensor Normalized(const at::Tensor& image) {
  at::Tensor values = image.to(at::kDouble).div(255);
  for (int64_t c = 0; c < image.size(0); ++c) {
    values[c].sub_(kMean[static_cast<size_t>(c)]).div_(kDeviation[static_cast<size_t>(c)]);
  }
  return values;
}

bool Near(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() && (a - b).abs().max().item<double>() < 1e-12;
}

/// Adds a random step that is not a resize to a plan.
void AddRandomStep(RandomStream& random, ImagePlan* plan) {
  const auto region = [&](int64_t smallest) {
    PixelRegion drawn;
    drawn.top = random.Below(9) - 4;
    drawn.left = random.Below(9) - 4;
    drawn.height = smallest + random.Below(8);
    drawn.width = smallest + random.Below(8);
    return drawn;
  };
  switch (random.Below(4)) {
    case 0:
      return plan->Window(region(1));
    case 1:
      return plan->Flip();
    case 2:
      return plan->Erase(region(0));
    default:
      if (!plan->is_normalized()) plan->Normalize(kMean, kDeviation);
  }
}

// One pass gives the same result as the steps one after the other.
TEST(PlanRunner, OnePassIsTheSameAsStepAfterStep) {
  constexpr int64_t kHeight = 5, kWidth = 7;
  const at::Tensor image = Pixels(2, 6, 8);
  const auto runner = PlanRunner::Make({2, kHeight, kWidth}, at::kDouble);
  const RandomStream random(1, 0, 0, "plans");
  const at::Tensor out = at::empty({2, kHeight, kWidth}, at::kDouble);
  for (int i = 0; i < 2000; ++i) {
    RandomStream numbers = random.For(i, 0);
    ImagePlan plan;
    plan.Begin(6, 8);
    for (int64_t steps = numbers.Below(7); steps > 0; --steps) AddRandomStep(numbers, &plan);
    if (!plan.is_normalized()) plan.Normalize(kMean, kDeviation);
    plan.Window({numbers.Below(5) - 2, numbers.Below(5) - 2, kWidth, kHeight});
    if (numbers.Below(2) == 0) plan.Flip();
    ASSERT_EQ(plan.refusal(), "");

    PlainImage plain(image);
    for (const ImagePlan::Step& step : plan.steps()) plain.Do(step);
    const absl::Status status =
        runner->Run(plan, 6, 8, image.const_data_ptr<uint8_t>(), out.mutable_data_ptr());
    ASSERT_TRUE(status.ok()) << status;
    const auto got = out.accessor<double, 3>();
    for (size_t c = 0; c < 2; ++c) {
      for (int64_t y = 0; y < kHeight; ++y) {
        for (int64_t x = 0; x < kWidth; ++x) {
          ASSERT_NEAR(got[static_cast<int64_t>(c)][y][x], plain.value(c, y, x), 1e-12)
              << "plan " << i << ", channel " << c << ", row " << y << ", column " << x;
        }
      }
    }
  }
}

TEST(PlanRunner, AResizeComesFirstAsTheDecoderSeesIt) {
  const at::Tensor image = Pixels(2, 40, 60);
  const TestSample sample(image);
  ImagePlan plan;
  plan.Begin(40, 60);
  plan.Resize({10, 5, 30, 20}, 4, 6, /*min_scale=*/2);
  plan.Flip();
  plan.Normalize(kMean, kDeviation);
  const at::Tensor out = at::empty({2, 4, 6}, at::kDouble);
  const auto runner = PlanRunner::Make({2, 4, 6}, at::kDouble);
  ASSERT_TRUE(runner->Run(plan, sample, out.mutable_data_ptr()).ok());
  EXPECT_EQ(sample.asked.left, 10);
  EXPECT_EQ(sample.asked.top, 5);
  EXPECT_EQ(sample.asked.width, 30);
  EXPECT_EQ(sample.asked.height, 20);
  EXPECT_EQ(sample.asked_height, 8);
  EXPECT_EQ(sample.asked_width, 12);
  const auto resized = [](const at::Tensor& part) {
    return at::_upsample_bilinear2d_aa(part.contiguous().unsqueeze(0), {4, 6}, false)[0];
  };
  const at::Tensor part = image.slice(1, 5, 25).slice(2, 10, 40);
  EXPECT_TRUE(Near(out, Normalized(resized(part).flip({2}))));

  // An image that the decoder shrank is resized completely.
  const TestSample shrinking(image, /*shrinks=*/true);
  ASSERT_TRUE(runner->Run(plan, shrinking, out.mutable_data_ptr()).ok());
  EXPECT_TRUE(Near(out, Normalized(resized(part.slice(1, 0, 20, 2).slice(2, 0, 30, 2)).flip({2}))));

  // The same image in memory gives the same result.
  ASSERT_TRUE(
      runner->Run(plan, 40, 60, image.const_data_ptr<uint8_t>(), out.mutable_data_ptr()).ok());
  EXPECT_TRUE(Near(out, Normalized(resized(part).flip({2}))));
}

TEST(PlanRunner, AResizeToTheSameSizeTakesThePixelsAsTheyAre) {
  const at::Tensor image = Pixels(2, 8, 8);
  ImagePlan plan;
  plan.Begin(8, 8);
  plan.Resize({1, 2, 4, 5}, 5, 4);
  plan.Normalize(kMean, kDeviation);
  const at::Tensor out = at::empty({2, 5, 4}, at::kDouble);
  ASSERT_TRUE(PlanRunner::Make({2, 5, 4}, at::kDouble)
                  ->Run(plan, TestSample(image), out.mutable_data_ptr())
                  .ok());
  EXPECT_TRUE(Near(out, Normalized(image.slice(1, 2, 7).slice(2, 1, 5))));
}

TEST(PlanRunner, TakesInterleavedAndGrayPixels) {
  const std::vector<double> mean = {0.2, 0.5, 0.7}, deviation = {0.3, 0.4, 0.5};
  ImagePlan plan;
  plan.Begin(6, 5);
  plan.Window({-1, 1, 5, 6});
  plan.Normalize(mean, deviation);
  const auto run = [&](const at::Tensor& image) {
    at::Tensor out = at::empty({3, 6, 5}, at::kFloat);
    const absl::Status status = PlanRunner::Make({3, 6, 5}, at::kFloat)
                                    ->Run(plan, TestSample(image), out.mutable_data_ptr());
    EXPECT_TRUE(status.ok()) << status;
    return out;
  };
  const at::Tensor planes = Pixels(3, 6, 5);
  const at::Tensor expected = run(planes);
  EXPECT_TRUE(run(planes.permute({1, 2, 0}).contiguous().permute({2, 0, 1})).equal(expected));
  // Another memory layout gives the same result.
  EXPECT_TRUE(run(planes.transpose(1, 2).contiguous().transpose(1, 2)).equal(expected));
  const at::Tensor gray = planes.narrow(0, 0, 1);
  EXPECT_TRUE(run(gray).equal(run(gray.expand({3, 6, 5}).contiguous())));
}

TEST(PlanRunner, RoundsNormalizedValuesOnce) {
  // The width is larger than any block of a loop, and not a multiple of a vector.
  constexpr int64_t kWidth = 603;
  const std::vector<double> mean = {0.4914, 1, 0}, deviation = {0.247, 0.5, 0.2616};
  const at::Tensor image = Pixels(3, 2, kWidth);
  const auto pixels = image.accessor<uint8_t, 3>();
  const at::Tensor out = at::empty({3, 2, kWidth}, at::kFloat);
  for (const bool is_flipped : {false, true}) {
    ImagePlan plan;
    plan.Begin(2, kWidth);
    plan.Normalize(mean, deviation);
    if (is_flipped) plan.Flip();
    ASSERT_TRUE(PlanRunner::Make({3, 2, kWidth}, at::kFloat)
                    ->Run(plan, TestSample(image), out.mutable_data_ptr())
                    .ok());
    const auto got = out.accessor<float, 3>();
    for (int64_t c = 0; c < 3; ++c) {
      const auto channel = static_cast<size_t>(c);
      for (int64_t x = 0; x < kWidth; ++x) {
        const int value = pixels[c][1][is_flipped ? kWidth - 1 - x : x];
        ASSERT_EQ(got[c][1][x],
                  static_cast<float>((value / 255.0 - mean[channel]) / deviation[channel]))
            << "channel " << c << ", column " << x << (is_flipped ? ", flipped" : "");
      }
    }
  }
}

TEST(PlanRunner, CallsAnyFunctionBetweenTwoPasses) {
  const at::Tensor image = Pixels(2, 4, 4);
  ImagePlan plan;
  plan.Begin(4, 4);
  plan.Flip();
  plan.Apply([](const at::Tensor& pixels) { return pixels.bitwise_not(); });
  plan.Normalize(kMean, kDeviation);
  plan.Apply([](const at::Tensor& values) { return values.neg(); });
  plan.Flip();
  const at::Tensor out = at::empty({2, 4, 4}, at::kDouble);
  const auto runner = PlanRunner::Make({2, 4, 4}, at::kDouble);
  ASSERT_TRUE(
      runner->Run(plan, 4, 4, image.const_data_ptr<uint8_t>(), out.mutable_data_ptr()).ok());
  EXPECT_TRUE(Near(out, Normalized(image.bitwise_not()).neg()));

  plan.Apply([](const at::Tensor& values) { return values.slice(1, 1); });
  const absl::Status status =
      runner->Run(plan, 4, 4, image.const_data_ptr<uint8_t>(), out.mutable_data_ptr());
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("a transform gave Double of [2,3,4]"));
}

TEST(PlanRunner, TellsADamagedImageFromABadDecoder) {
  TestSample sample(Pixels(2, 4, 4));
  ImagePlan plan;
  plan.Begin(4, 4);
  plan.Normalize(kMean, kDeviation);
  const at::Tensor out = at::empty({2, 4, 4}, at::kDouble);
  const auto runner = PlanRunner::Make({2, 4, 4}, at::kDouble);
  sample.damaged = true;
  EXPECT_EQ(runner->Run(plan, sample, out.mutable_data_ptr()).code(), absl::StatusCode::kDataLoss);
  sample.damaged = false;
  sample.wrong = true;
  const absl::Status status = runner->Run(plan, sample, out.mutable_data_ptr());
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("the decoder gave Float of [2,4,4], expected [2,4,4]"));
}

TEST(ImagePlan, RefusesWhatLiesOutsideOfTheImage) {
  ImagePlan plan;
  plan.Begin(4, 6);
  plan.Resize({3, 0, 4, 4}, 2, 2);
  EXPECT_THAT(plan.refusal(), HasSubstr("the region 4x4 at (3,0), which is not in the 6x4 pixels"));
  plan.Begin(4, 6);
  EXPECT_EQ(plan.refusal(), "");
  plan.Normalize(kMean, kDeviation);
  plan.Normalize(kMean, kDeviation);
  EXPECT_THAT(plan.refusal(), HasSubstr("normalized already"));
}

}  // namespace
}  // namespace pdarts
