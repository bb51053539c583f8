#include "pdarts/datasets/transforms/small_image_plans.h"

#include <cstdint>
#include <vector>

#include "ATen/ops/empty.h"
#include "ATen/ops/randint.h"
#include "gtest/gtest.h"
#include "pdarts/core/random.h"
#include "pdarts/core/random_stream.h"
#include "pdarts/datasets/transforms/plan_runner.h"
#include "pdarts/device/operators.h"

namespace pdarts {
namespace {

constexpr ImageShape kShape = {2, 7, 9};
const std::vector<double> kMean = {0.2, 0.5};
const std::vector<double> kDeviation = {0.3, 0.4};

/// A plan of random windows, flips and erased regions before and after the normalization.
ImagePlan RandomPlan(int64_t number) {
  RandomStream random = RandomStream(1, 0, 0, "test").For(number, 0);
  ImagePlan plan;
  plan.Begin(kShape.height, kShape.width);
  const auto step = [&](bool is_normalized) {
    const PixelRegion region = {random.Below(13) - 6, random.Below(13) - 6, kShape.width,
                                kShape.height};
    switch (random.Below(is_normalized ? 2 : 3)) {
      case 0:
        return plan.Flip();
      case 1:
        return plan.Erase({region.left, region.top, 1 + random.Below(6), 1 + random.Below(6)});
      default:
        return plan.Window(region);
    }
  };
  for (int64_t i = random.Below(4); i > 0; --i) step(/*is_normalized=*/false);
  plan.Normalize(kMean, kDeviation);
  for (int64_t i = random.Below(2); i > 0; --i) step(/*is_normalized=*/true);
  return plan;
}

TEST(SmallImagePlans, GiveTheImagesOfPlanRunner) {
  constexpr int64_t kImages = 200;
  const at::Tensor images = at::randint(0, 256, {kImages, 2, kShape.height, kShape.width},
                                        MakeGenerator(1, "images"), at::TensorOptions(at::kByte));
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    SmallImagePlans plans(kShape, dtype);
    const auto runner = PlanRunner::Make(kShape, dtype);
    const at::Tensor maps = at::empty({kImages, operators::kImageNumbers}, at::kInt);
    const at::Tensor expected = at::empty(images.sizes(), dtype);
    for (int64_t i = 0; i < kImages; ++i) {
      const ImagePlan plan = RandomPlan(i);
      ASSERT_TRUE(
          plans.Write(plan, maps.mutable_data_ptr<int32_t>() + i * operators::kImageNumbers));
      ASSERT_TRUE(runner
                      ->Run(plan, kShape.height, kShape.width,
                            images.select(0, i).const_data_ptr<uint8_t>(),
                            expected.select(0, i).mutable_data_ptr())
                      .ok());
    }
    EXPECT_EQ(plans.table().scalar_type(), dtype);
    EXPECT_TRUE(operators::TransformSmallImages(images, maps, plans.table()).equal(expected));
  }
}

TEST(SmallImagePlans, RefuseWhatTheDeviceDoesNotCompute) {
  SmallImagePlans plans(kShape, at::kFloat);
  std::vector<int32_t> numbers(operators::kImageNumbers);
  const auto begin = [] {
    ImagePlan plan;
    plan.Begin(kShape.height, kShape.width);
    return plan;
  };
  const auto is_written = [&](const ImagePlan& plan) { return plans.Write(plan, numbers.data()); };
  ImagePlan plan = begin();
  EXPECT_FALSE(is_written(plan)) << "nothing normalizes";
  EXPECT_FALSE(plans.table().defined());
  plan.Normalize(kMean, kDeviation);
  EXPECT_TRUE(is_written(plan));

  ImagePlan with_apply = plan;
  with_apply.Apply([](const at::Tensor& image) { return image; });
  EXPECT_FALSE(is_written(with_apply));

  ImagePlan two_passes = plan;
  two_passes.Window({1, 1, kShape.width, kShape.height});
  EXPECT_FALSE(is_written(two_passes)) << "0 and black mix";

  ImagePlan other_size = begin();
  other_size.Window({0, 0, 3, 3});
  other_size.Normalize(kMean, kDeviation);
  EXPECT_FALSE(is_written(other_size));

  ImagePlan holes = plan;
  for (int64_t i = 0; i < operators::kMostHoles; ++i) holes.Erase({i, i, 1, 1});
  EXPECT_TRUE(is_written(holes));
  holes.Erase({0, 0, 1, 1});
  EXPECT_FALSE(is_written(holes));

  ImagePlan other_mean = begin();
  other_mean.Normalize(kDeviation, kDeviation);
  EXPECT_FALSE(is_written(other_mean));
}

}  // namespace
}  // namespace pdarts
