#include "pdarts/datasets/transforms/rgb_resizer.h"

#include <cstdint>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/core/Tensor.h"
#include "ATen/ops/_upsample_bilinear2d_aa.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/from_blob.h"
#include "gtest/gtest.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/random_stream.h"

namespace pdarts {
namespace {

/// `[height,width,3]`: noise in which half of the values are 0 or 255.
at::Tensor Pixels(RandomStream* random, int64_t height, int64_t width) {
  at::Tensor pixels = at::empty({height, width, 3}, at::kByte);
  auto* const values = pixels.mutable_data_ptr<uint8_t>();
  for (int64_t i = 0; i < pixels.numel(); ++i) {
    const uint32_t bits = random->Bits();
    const uint32_t noise = bits >> 8 & 255, extreme = (bits & 2) == 0 ? 0 : 255;
    values[i] = static_cast<uint8_t>((bits & 1) == 0 ? noise : extreme);
  }
  return pixels;
}

/// `[3,new_height,new_width]`: a copy of the resizer's result for a part of `pixels`.
at::Tensor Resized(RgbResizer* resizer, const at::Tensor& pixels, int64_t new_height,
                   int64_t new_width) {
  const uint8_t* const values =
      resizer->Resize(pixels.const_data_ptr<uint8_t>(), pixels.stride(0), pixels.size(0),
                      pixels.size(1), new_height, new_width);
  return at::from_blob(const_cast<uint8_t*>(values), {3, new_height, new_width}, at::kByte).clone();
}

at::Tensor ResizedByLibTorch(const at::Tensor& pixels, int64_t new_height, int64_t new_width) {
  return at::_upsample_bilinear2d_aa(pixels.permute({2, 0, 1}).unsqueeze(0),
                                     {new_height, new_width}, /*align_corners=*/false)[0];
}

TEST(RgbResizer, GivesLibTorchsValues) {
  struct Sizes {
    int64_t height, width, new_height, new_width;
  };
  std::vector<Sizes> all = {
      {1, 1, 3, 2},     {1, 40, 7, 11},  {40, 1, 11, 7},     {2, 3, 9, 16},     {7, 5, 8, 12},
      {17, 23, 17, 8},  {23, 17, 9, 17}, {64, 64, 16, 16},   {64, 64, 15, 15},  {90, 33, 9, 11},
      {33, 90, 40, 10}, {9, 9, 1, 1},    {300, 200, 30, 40}, {12, 400, 12, 13},
  };
  const RandomStream random(1, 0, 0, "resize");
  RandomStream sizes = random.For(0, 0);
  for (int i = 0; i < 60; ++i) {
    all.push_back(
        {1 + sizes.Below(90), 1 + sizes.Below(90), 1 + sizes.Below(50), 1 + sizes.Below(50)});
  }
  for (const InstructionSet instructions : RunnableInstructionSets()) {
    RgbResizer resizer(instructions);  // one resizer for all images
    int64_t number = 0;
    for (const Sizes& size : all) {
      RandomStream noise = random.For(++number, 1);
      const at::Tensor image = Pixels(&noise, size.height + 2, size.width + 3);
      // A part of an image. There are other pixels between its rows.
      const at::Tensor part = image.narrow(0, 1, size.height).narrow(1, 2, size.width);
      const at::Tensor got = Resized(&resizer, part, size.new_height, size.new_width);
      EXPECT_TRUE(got.equal(ResizedByLibTorch(part, size.new_height, size.new_width)))
          << InstructionSetName(instructions) << ": " << size.height << "x" << size.width << " to "
          << size.new_height << "x" << size.new_width;
    }
  }
}

TEST(RgbResizer, KeepsAnImageOfOneColor) {
  RgbResizer resizer;
  for (const uint8_t value : {0, 1, 127, 254, 255}) {
    const at::Tensor image = at::empty({50, 70, 3}, at::kByte).fill_(value);
    const at::Tensor resized = Resized(&resizer, image, 33, 96);
    EXPECT_EQ(resized.min().item<uint8_t>(), value);
    EXPECT_EQ(resized.max().item<uint8_t>(), value);
  }
}

TEST(RgbResizer, IsNearTheExactMean) {
  const RandomStream random(1, 0, 0, "resize");
  RandomStream noise = random.For(0, 2);
  const at::Tensor image = Pixels(&noise, 120, 150);
  RgbResizer resizer;
  const at::Tensor got = Resized(&resizer, image, 81, 80).to(at::kFloat);
  const at::Tensor expected = ResizedByLibTorch(image.to(at::kFloat), 81, 80);
  // Columns and rows are rounded separately.
  EXPECT_LE((got - expected).abs().max().item<float>(), 1.05);
}

}  // namespace
}  // namespace pdarts
