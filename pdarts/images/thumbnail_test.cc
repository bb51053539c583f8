#include "pdarts/images/thumbnail.h"

#include <cstdint>
#include <string>
#include <utility>

#include "ATen/ops/full.h"
#include "ATen/ops/zeros.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "pdarts/images/decode.h"

namespace pdarts::images {
namespace {

RgbImage Decoded(const std::string& file) {
  DecodeOptions options;
  options.max_pixels = kThumbnailSide * kThumbnailSide;
  absl::StatusOr<RgbImage> image = DecodeImage(file, options);
  EXPECT_TRUE(image.ok()) << image.status();
  return *std::move(image);
}

/// Expects that a pixel has this color, with a tolerance for the loss of JPEG.
void ExpectColor(const RgbImage& image, int64_t y, int64_t x, int red, int green, int blue) {
  const uint8_t* const pixel = image.pixels.get() + 3 * (y * image.width + x);
  EXPECT_NEAR(pixel[0], red, 12) << y << " " << x;
  EXPECT_NEAR(pixel[1], green, 12) << y << " " << x;
  EXPECT_NEAR(pixel[2], blue, 12) << y << " " << x;
}

TEST(Thumbnail, PixelsOfSmallImagesBecomeSquares) {
  // The image consists of two halves, because JPEG smooths details that are thinner than its
  // blocks.
  const at::Tensor pixels = at::zeros({3, 16, 32}, at::kByte);
  pixels.select(0, 0).narrow(1, 0, 16).fill_(200);
  pixels.select(0, 2).narrow(1, 16, 16).fill_(180);
  const RgbImage image = Decoded(EncodeThumbnail(pixels));
  ASSERT_EQ(image.height, 48);
  ASSERT_EQ(image.width, 96);
  ExpectColor(image, 24, 8, 200, 0, 0);
  ExpectColor(image, 24, 40, 200, 0, 0);
  ExpectColor(image, 24, 56, 0, 0, 180);
  ExpectColor(image, 24, 88, 0, 0, 180);
}

TEST(Thumbnail, TinyImagesStaySmall) {
  const RgbImage image = Decoded(EncodeThumbnail(at::full({3, 8, 8}, 90, at::kByte)));
  EXPECT_EQ(image.height, 32);
  EXPECT_EQ(image.width, 32);
}

TEST(Thumbnail, LargeImagesAreShrunk) {
  const at::Tensor pixels = at::full({3, 100, 448}, 30, at::kByte);
  pixels.select(0, 1).narrow(1, 224, 224).fill_(220);
  const RgbImage image = Decoded(EncodeThumbnail(pixels));
  ASSERT_EQ(image.height, 25);
  ASSERT_EQ(image.width, kThumbnailSide);
  ExpectColor(image, 12, 20, 30, 30, 30);
  ExpectColor(image, 12, 92, 30, 220, 30);
  const RgbImage thin = Decoded(EncodeThumbnail(at::full({1, 1, 1000}, 30, at::kByte)));
  EXPECT_EQ(thin.height, 1);
  EXPECT_EQ(thin.width, kThumbnailSide);
}

TEST(Thumbnail, OtherNumbersOfChannelsShowTheFirstOneInGray) {
  for (const int64_t channels : {1, 2, 5}) {
    const at::Tensor pixels = at::zeros({channels, 32, 32}, at::kByte);
    pixels.select(0, 0).fill_(140);
    ExpectColor(Decoded(EncodeThumbnail(pixels)), 48, 48, 140, 140, 140);
  }
}

}  // namespace
}  // namespace pdarts::images
