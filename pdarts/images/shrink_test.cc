#include "pdarts/images/shrink.h"

#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "pdarts/images/decode.h"
#include "pdarts/images/testing.h"

namespace pdarts::images {
namespace {

constexpr int64_t kMaxPixels = 1000000;

TEST(ShrinkImage, TheShorterSideGetsSoManyPixels) {
  for (const std::string& bytes :
       {PlainJpeg(300, 200, 200, 100, 50), PlainPng(300, 200, 200, 100, 50),
        PlainWebp(300, 200, 200, 100, 50)}) {
    const auto shrunk = ShrinkImage(bytes, 64, 90, kMaxPixels);
    ASSERT_TRUE(shrunk.ok()) << shrunk.status();
    EXPECT_EQ(shrunk->ending, "jpg");
    const auto image = DecodeImage(shrunk->bytes, {kMaxPixels});
    ASSERT_TRUE(image.ok()) << image.status();
    EXPECT_EQ(image->height, 64);
    EXPECT_EQ(image->width, 96);
    EXPECT_NEAR(image->pixels[0], 200, 3);
    EXPECT_NEAR(image->pixels[1], 100, 3);
    EXPECT_NEAR(image->pixels[2], 50, 3);
    EXPECT_EQ(ShrinkImage(bytes, 64, 90, kMaxPixels)->bytes, shrunk->bytes);
  }
}

TEST(ShrinkImage, AnUprightImageComesOfATurnedOne) {
  JpegContent content;
  content.width = 120;
  content.height = 80;
  content.exif = ExifOf(6);
  content.pixels.assign(size_t{3} * 120 * 80, 90);
  const auto shrunk = ShrinkImage(EncodeJpeg(content), 40, 90, kMaxPixels);
  ASSERT_TRUE(shrunk.ok()) << shrunk.status();
  const auto image = DecodeImage(shrunk->bytes, {kMaxPixels});
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_EQ(image->height, 60);
  EXPECT_EQ(image->width, 40);
}

TEST(ShrinkImage, WhatIsSmallEnoughStaysAsItIs) {
  const std::string png = PlainPng(300, 64, 1, 2, 3), webp = PlainWebp(64, 300, 1, 2, 3);
  EXPECT_EQ(ShrinkImage(png, 64, 90, kMaxPixels)->bytes, png);
  EXPECT_EQ(ShrinkImage(png, 64, 90, kMaxPixels)->ending, "png");
  EXPECT_EQ(ShrinkImage(webp, 64, 90, kMaxPixels)->bytes, webp);
  EXPECT_EQ(ShrinkImage(webp, 64, 90, kMaxPixels)->ending, "webp");
  // A file that is not changed is still checked.
  EXPECT_EQ(ShrinkImage(png.substr(0, png.size() - 20), 64, 90, kMaxPixels).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(ShrinkImage, WhatDoesNotBecomeAJpegIsRefused) {
  EXPECT_EQ(ShrinkImage(PlainPng(60000, 4, 1, 2, 3), 3, 90, kMaxPixels)->ending, "jpg");
  EXPECT_EQ(ShrinkImage(PlainPng(100000, 4, 1, 2, 3), 3, 90, kMaxPixels).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ShrinkImage(PlainPng(300, 200, 1, 2, 3), 64, 90, 59999).status().code(),
            absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace pdarts::images
