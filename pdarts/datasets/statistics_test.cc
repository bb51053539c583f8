#include "pdarts/datasets/statistics.h"

#include <cmath>

#include "ATen/core/Tensor.h"
#include "ATen/ops/full.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

TEST(ComputeStatistics, OfAllPixelsOfEachChannel) {
  const at::Tensor images = at::full({2, 2, 1, 2}, 100, at::kByte);
  // Channel 0: 0, 0, 255, 51. Channel 1 never changes.
  auto* pixels = images.mutable_data_ptr<uint8_t>();
  pixels[0] = pixels[1] = 0;
  pixels[4] = 255;
  pixels[5] = 51;
  DatasetInfo info;
  ComputeStatistics(images, &info);
  ASSERT_EQ(info.mean.size(), 2u);
  ASSERT_EQ(info.deviation.size(), 2u);
  EXPECT_DOUBLE_EQ(info.mean[0], 0.3);
  EXPECT_DOUBLE_EQ(info.deviation[0], std::sqrt((1 + 0.04) / 4 - 0.09));
  EXPECT_DOUBLE_EQ(info.mean[1], 100 / 255.0);
  EXPECT_EQ(info.deviation[1], 1);
}

TEST(ComputeStatistics, TellsOneOtherPixelFromNone) {
  const at::Tensor images = at::full({1, 1, 1000, 1000}, 255, at::kByte);
  DatasetInfo info;
  ComputeStatistics(images, &info);
  EXPECT_EQ(info.deviation[0], 1);
  images.mutable_data_ptr<uint8_t>()[7] = 250;
  ComputeStatistics(images, &info);
  EXPECT_NEAR(info.deviation[0], 5e-3 / 255, 1e-6 / 255);
}

}  // namespace
}  // namespace pdarts
