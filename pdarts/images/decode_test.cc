#include "pdarts/images/decode.h"

#include <zlib.h>

#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/images/testing.h"

namespace pdarts::images {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Bytes = std::vector<uint8_t>;

const DecodeOptions kOptions = {/*max_pixels=*/1000000};

Bytes Pixels(const RgbImage& image) {
  return Bytes(image.pixels.get(), image.pixels.get() + 3 * image.height * image.width);
}

/// The pixels of a PNG with one row.
Bytes RowOf(const PngContent& content) {
  const auto image = DecodeImage(EncodePng(content), kOptions);
  EXPECT_TRUE(image.ok()) << image.status();
  if (!image.ok()) return {};
  EXPECT_EQ(image->height, content.height);
  EXPECT_EQ(image->width, content.width);
  return Pixels(*image);
}

PngContent Png(uint32_t width, int color_type, int bits, Bytes pixels) {
  PngContent content;
  content.width = width;
  content.height = 1;
  content.color_type = color_type;
  content.bits = bits;
  content.pixels = std::move(pixels);
  return content;
}

TEST(DecodePng, EveryKindBecomesRgb) {
  EXPECT_THAT(RowOf(Png(2, 2, 8, {1, 2, 3, 200, 100, 0})), ElementsAre(1, 2, 3, 200, 100, 0));
  EXPECT_THAT(RowOf(Png(2, 0, 8, {7, 250})), ElementsAre(7, 7, 7, 250, 250, 250));
  EXPECT_THAT(RowOf(Png(2, 0, 1, {0x40})), ElementsAre(0, 0, 0, 255, 255, 255));
  PngContent palette = Png(3, 3, 8, {1, 0, 2});
  palette.palette = {10, 20, 30, 40, 50, 60, 70, 80, 90};
  EXPECT_THAT(RowOf(palette), ElementsAre(40, 50, 60, 10, 20, 30, 70, 80, 90));
  palette.transparency = {255, 0};
  EXPECT_THAT(RowOf(palette), ElementsAre(255, 255, 255, 10, 20, 30, 70, 80, 90));
}

TEST(DecodePng, SixteenBitsAreAsBrightAsEight) {
  EXPECT_THAT(RowOf(Png(2, 0, 16, {0x80, 0x80, 0x10, 0x10})),
              ElementsAre(0x80, 0x80, 0x80, 0x10, 0x10, 0x10));
  EXPECT_THAT(RowOf(Png(1, 2, 16, {0xff, 0xff, 0x40, 0x40, 0, 0})), ElementsAre(255, 0x40, 0));
}

TEST(DecodePng, WhatIsTransparentShowsWhite) {
  EXPECT_THAT(RowOf(Png(2, 6, 8, {9, 8, 7, 255, 9, 8, 7, 0})), ElementsAre(9, 8, 7, 255, 255, 255));
  EXPECT_THAT(RowOf(Png(2, 4, 8, {9, 255, 9, 0})), ElementsAre(9, 9, 9, 255, 255, 255));
  EXPECT_THAT(RowOf(Png(1, 6, 8, {0, 100, 255, 128})), ElementsAre(127, 177, 255));
  EXPECT_THAT(RowOf(Png(1, 4, 16, {0, 0, 0x80, 0x80})), ElementsAre(127, 127, 127));
}

TEST(DecodePng, GammaChangesNothing) {
  PngContent content = Png(2, 2, 8, {1, 2, 3, 200, 100, 0});
  content.gamma = 1;
  EXPECT_THAT(RowOf(content), ElementsAre(1, 2, 3, 200, 100, 0));
}

TEST(DecodePng, InterlacedImagesAreRead) {
  PngContent content;
  content.width = content.height = 9;
  for (int i = 0; i < 3 * 81; ++i) content.pixels.push_back(static_cast<uint8_t>(i));
  content.interlaced = true;
  const auto image = DecodeImage(EncodePng(content), kOptions);
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_EQ(Pixels(*image), content.pixels);
}

/// Two rows of three columns. Each column has one color.
JpegContent Jpeg(int components, const std::vector<Bytes>& columns) {
  JpegContent content;
  content.width = 24;
  content.height = 2;
  content.components = components;
  for (int y = 0; y < 2; ++y) {
    for (int x = 0; x < 24; ++x) {
      const Bytes& color = columns[x / 8];
      content.pixels.insert(content.pixels.end(), color.begin(), color.end());
    }
  }
  return content;
}

void ExpectColumns(const JpegContent& content, const std::vector<Bytes>& colors) {
  const auto image = DecodeImage(EncodeJpeg(content), kOptions);
  ASSERT_TRUE(image.ok()) << image.status();
  ASSERT_EQ(image->height, 2);
  ASSERT_EQ(image->width, 24);
  for (int x = 0; x < 24; ++x) {
    for (int c = 0; c < 3; ++c) {
      EXPECT_NEAR(image->pixels[3 * (24 + x) + c], colors[x / 8][c], 4) << "column " << x;
    }
  }
}

TEST(DecodeJpeg, EveryKindBecomesRgb) {
  const std::vector<Bytes> colors = {{255, 0, 0}, {10, 200, 100}, {255, 255, 255}};
  JpegContent rgb = Jpeg(3, colors);
  ExpectColumns(rgb, colors);
  rgb.progressive = true;
  ExpectColumns(rgb, colors);
  ExpectColumns(Jpeg(1, {{0}, {128}, {255}}), {{0, 0, 0}, {128, 128, 128}, {255, 255, 255}});
  // Cyan; half of the light absorbed by black ink; no ink.
  const std::vector<Bytes> shown = {{0, 255, 255}, {127, 127, 127}, {255, 255, 255}};
  ExpectColumns(Jpeg(4, {{255, 0, 0, 0}, {0, 0, 0, 128}, {0, 0, 0, 0}}), shown);
  JpegContent adobe = Jpeg(4, {{0, 255, 255, 255}, {255, 255, 255, 127}, {255, 255, 255, 255}});
  adobe.adobe = true;
  ExpectColumns(adobe, shown);
  adobe.ycck = true;
  ExpectColumns(adobe, shown);
}

TEST(DecodeJpeg, AFractionOfTheSizeWhereThatIsEnough) {
  JpegContent content;
  content.width = 320;
  content.height = 160;
  for (int i = 0; i < 160 * 320; ++i) {
    const bool left = i % 320 < 160;
    content.pixels.insert(content.pixels.end(), {static_cast<uint8_t>(left ? 200 : 20), 90, 30});
  }
  const std::string jpeg = EncodeJpeg(content);
  // The smaller side determines the scale.
  const std::vector<std::pair<int64_t, int64_t>> heights = {{0, 160}, {81, 160}, {80, 80}, {41, 80},
                                                            {40, 40}, {21, 40},  {20, 20}, {1, 20}};
  for (const auto& [enough, height] : heights) {
    const auto image = DecodeImage(jpeg, {kOptions.max_pixels, enough});
    ASSERT_TRUE(image.ok()) << image.status();
    EXPECT_EQ(image->height, height) << enough;
    EXPECT_EQ(image->width, 2 * height) << enough;
    EXPECT_NEAR(image->pixels[0], 200, 4);
    EXPECT_NEAR(image->pixels[3 * (image->height * image->width - 1)], 20, 4);
  }
  // Too many pixels are refused at any scale. A PNG is always decoded at full size.
  EXPECT_FALSE(DecodeImage(jpeg, {160 * 320 - 1, 20}).ok());
  EXPECT_EQ(DecodeImage(PlainPng(64, 64, 1, 2, 3), {kOptions.max_pixels, 8})->width, 64);
}

TEST(DecodeWebp, RgbAndTransparentImages) {
  WebpContent content;
  content.width = 2;
  content.height = 1;
  content.pixels = {1, 2, 3, 200, 100, 0};
  auto image = DecodeImage(EncodeWebp(content), kOptions);
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_EQ(image->width, 2);
  EXPECT_EQ(image->height, 1);
  EXPECT_THAT(Pixels(*image), ElementsAre(1, 2, 3, 200, 100, 0));
  content.components = 4;
  content.pixels = {9, 8, 7, 255, 9, 8, 7, 0};
  image = DecodeImage(EncodeWebp(content), kOptions);
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_THAT(Pixels(*image), ElementsAre(9, 8, 7, 255, 255, 255));
  EXPECT_EQ(DecodeImage(AnimatedWebp(), kOptions).status().message(), "WebP: is an animation");
  EXPECT_EQ(DecodeImage(PlainWebp(20, 30, 1, 2, 3), {599}).status().message(),
            "promises 20x30 pixels, more than max_pixels 599");
}

/// An image of 16x8 pixels that are red at the top left, green at the top right, blue at the bottom
/// left and white at the bottom right.
Bytes Corners() {
  Bytes pixels;
  for (int i = 0; i < 8 * 16; ++i) {
    const bool left = i % 16 < 8, top = i < 64;
    const Bytes color = top ? (left ? Bytes{255, 0, 0} : Bytes{0, 255, 0})
                            : (left ? Bytes{0, 0, 255} : Bytes{255, 255, 255});
    pixels.insert(pixels.end(), color.begin(), color.end());
  }
  return pixels;
}

/// The color of each corner as R, G, B or W, beginning at the top left, in reading order.
std::string CornersOf(const RgbImage& image) {
  std::string names;
  for (const auto& [y, x] :
       std::vector<std::pair<int64_t, int64_t>>{{0, 0},
                                                {0, image.width - 1},
                                                {image.height - 1, 0},
                                                {image.height - 1, image.width - 1}}) {
    const uint8_t* pixel = image.pixels.get() + 3 * (y * image.width + x);
    const bool red = pixel[0] > 127, green = pixel[1] > 127, blue = pixel[2] > 127;
    names += red && green && blue ? 'W' : red ? 'R' : green ? 'G' : blue ? 'B' : '?';
  }
  return names;
}

TEST(DecodeImage, TheOrientationOfExifDataIsApplied) {
  PngContent png;
  JpegContent jpeg;
  WebpContent webp;
  png.width = jpeg.width = webp.width = 16;
  png.height = jpeg.height = webp.height = 8;
  png.pixels = jpeg.pixels = webp.pixels = Corners();
  // As stored; mirrored; rotated by 180 degrees; mirrored and rotated; transposed; rotated to the
  // right; transposed the other way; rotated to the left.
  const std::vector<std::string> corners = {"RGBW", "GRWB", "WBGR", "BWRG",
                                            "RBGW", "BRWG", "WGBR", "GWRB"};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    png.exif = webp.exif = ExifOf(orientation);
    jpeg.exif = ExifOf(orientation, /*big_endian=*/true);
    for (const std::string& bytes : {EncodePng(png), EncodeJpeg(jpeg), EncodeWebp(webp)}) {
      const auto image = DecodeImage(bytes, kOptions);
      ASSERT_TRUE(image.ok()) << image.status();
      EXPECT_EQ(CornersOf(*image), corners[orientation - 1]) << orientation;
      EXPECT_EQ(image->height, orientation < 5 ? 8 : 16) << orientation;
      EXPECT_EQ(image->width, orientation < 5 ? 16 : 8) << orientation;
    }
  }
  // Invalid orientations, and EXIF data that are cut off anywhere, are ignored.
  for (const int orientation : {0, 9, 200}) {
    jpeg.exif = ExifOf(orientation);
    EXPECT_EQ(CornersOf(*DecodeImage(EncodeJpeg(jpeg), kOptions)), "RGBW");
  }
  for (size_t size = 1; size < ExifOf(6).size(); ++size) {
    jpeg.exif = ExifOf(6).substr(0, size);
    const auto image = DecodeImage(EncodeJpeg(jpeg), kOptions);
    ASSERT_TRUE(image.ok()) << size << ": " << image.status();
  }
}

/// An image with details of every size and with different colors everywhere.
Bytes Picture(int height, int width, int components = 3) {
  Bytes pixels;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < components; ++c) {
        const double wave =
            60 * std::sin(0.05 * x * (c + 1)) + 50 * std::cos(0.3 * y + 0.2 * x * c);
        pixels.push_back(static_cast<uint8_t>(128 + wave));
      }
    }
  }
  return pixels;
}

constexpr int kPictureHeight = 75, kPictureWidth = 101;

/// The image in every format and kind that has a decoder of its own.
std::vector<std::string> Pictures(int orientation) {
  std::vector<std::string> files;
  JpegContent jpeg;
  jpeg.width = kPictureWidth;
  jpeg.height = kPictureHeight;
  if (orientation > 1) jpeg.exif = ExifOf(orientation);
  for (const int components : {1, 3, 4}) {
    jpeg.components = components;
    jpeg.pixels = Picture(kPictureHeight, kPictureWidth, components);
    for (const auto& [columns, rows] : std::vector<std::pair<int, int>>{{1, 1}, {2, 1}, {2, 2}}) {
      if (components == 1 && columns > 1) break;
      jpeg.color_columns = columns;
      jpeg.color_rows = rows;
      for (const bool progressive : {false, true}) {
        jpeg.progressive = progressive;
        for (const bool ycck : {false, true}) {
          if (ycck && components < 4) break;
          jpeg.ycck = ycck;
          files.push_back(EncodeJpeg(jpeg));
        }
        jpeg.ycck = false;
      }
    }
    jpeg.color_columns = jpeg.color_rows = 1;
  }
  PngContent png;
  png.width = kPictureWidth;
  png.height = kPictureHeight;
  png.pixels = Picture(kPictureHeight, kPictureWidth);
  png.exif = jpeg.exif;
  files.push_back(EncodePng(png));
  png.interlaced = true;
  files.push_back(EncodePng(png));
  png.bits = 16;
  png.pixels = Picture(kPictureHeight, kPictureWidth, 6);
  files.push_back(EncodePng(png));
  WebpContent webp;
  webp.width = kPictureWidth;
  webp.height = kPictureHeight;
  webp.pixels = Picture(kPictureHeight, kPictureWidth);
  webp.exif = jpeg.exif;
  files.push_back(EncodeWebp(webp));
  webp.components = 4;
  webp.pixels = Picture(kPictureHeight, kPictureWidth, 4);
  files.push_back(EncodeWebp(webp));
  if (orientation > 1) return files;
  webp.components = 3;
  webp.pixels = Picture(kPictureHeight, kPictureWidth);
  files.push_back(EncodeLossyWebp(webp));
  return files;
}

TEST(OpenedImage, ARegionIsThatPartOfTheWholeImage) {
  std::mt19937 random(3);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    int number = 0;
    for (const std::string& bytes : Pictures(orientation)) {
      SCOPED_TRACE(absl::StrCat("orientation ", orientation, ", file ", number++));
      const auto whole = DecodeImage(bytes, kOptions);
      ASSERT_TRUE(whole.ok()) << whole.status();
      const auto opened = OpenImage(bytes, kOptions.max_pixels);
      ASSERT_TRUE(opened.ok()) << opened.status();
      ASSERT_EQ((*opened)->height(), whole->height);
      ASSERT_EQ((*opened)->width(), whole->width);
      EXPECT_EQ(whole->height, orientation < 5 ? kPictureHeight : kPictureWidth);
      for (int trial = 0; trial < 12; ++trial) {
        PixelRegion region;
        region.left = random() % whole->width;
        region.top = random() % whole->height;
        region.width = 1 + random() % (whole->width - region.left);
        region.height = 1 + random() % (whole->height - region.top);
        // The same opened image is decoded several times, also with a minimum that is too large.
        const auto part = (*opened)->Decode(region, region.height, region.width + trial % 2);
        ASSERT_TRUE(part.ok()) << part.status();
        ASSERT_EQ(part->height, region.height);
        ASSERT_EQ(part->width, region.width);
        EXPECT_EQ(Pixels(*part), Pixels(CutOut(*whole, region)))
            << region.width << "x" << region.height << " at " << region.left << "," << region.top;
      }
    }
  }
}

/// The mean of each channel in a rectangle of an image. The sides are given as fractions of the
/// image.
std::vector<double> MeanIn(const RgbImage& image, double left, double top, double right,
                           double bottom) {
  std::vector<double> sum(3);
  int64_t count = 0;
  for (auto y = static_cast<int64_t>(top * static_cast<double>(image.height));
       y < static_cast<int64_t>(bottom * static_cast<double>(image.height)); ++y) {
    for (auto x = static_cast<int64_t>(left * static_cast<double>(image.width));
         x < static_cast<int64_t>(right * static_cast<double>(image.width)); ++x, ++count) {
      for (int c = 0; c < 3; ++c) sum[c] += image.pixels[3 * (y * image.width + x) + c];
    }
  }
  for (double& value : sum) value /= static_cast<double>(count);
  return sum;
}

TEST(OpenedImage, ARegionIsDecodedSmallerAsFarAsTheMinimumAllows) {
  JpegContent jpeg;
  jpeg.width = 240;
  jpeg.height = 160;
  // Red grows from left to right, and green from top to bottom.
  for (int i = 0; i < 160 * 240; ++i) {
    jpeg.pixels.insert(jpeg.pixels.end(),
                       {static_cast<uint8_t>(i % 240), static_cast<uint8_t>(i / 240), 128});
  }
  WebpContent webp;
  webp.width = jpeg.width;
  webp.height = jpeg.height;
  webp.pixels = jpeg.pixels;
  const PixelRegion region = {/*left=*/60, /*top=*/40, /*width=*/160, /*height=*/80};
  for (int orientation : {1, 3}) {
    jpeg.exif = webp.exif = ExifOf(orientation);
    for (const std::string& bytes : {EncodeJpeg(jpeg), EncodeWebp(webp)}) {
      const auto opened = OpenImage(bytes, kOptions.max_pixels);
      ASSERT_TRUE(opened.ok()) << opened.status();
      const auto full = (*opened)->Decode(region, 80, 160);
      ASSERT_TRUE(full.ok()) << full.status();
      ASSERT_EQ(full->height, 80);
      for (const auto& [minimum, expected] : std::vector<std::pair<int, int>>{
               {80, 80}, {41, 80}, {40, 40}, {21, 40}, {20, 20}, {11, 20}, {10, 10}, {1, 10}}) {
        const auto part = (*opened)->Decode(region, minimum, 1);
        ASSERT_TRUE(part.ok()) << part.status();
        EXPECT_EQ(part->height, expected) << minimum;
        EXPECT_EQ(part->width, 2 * expected) << minimum;
        for (const double begin : {0.0, 0.5}) {
          const std::vector<double> small = MeanIn(*part, begin, begin, begin + 0.5, begin + 0.5);
          const std::vector<double> large = MeanIn(*full, begin, begin, begin + 0.5, begin + 0.5);
          // The nearest pixel at an eighth of the size may be four pixels away.
          for (int c = 0; c < 3; ++c) EXPECT_NEAR(small[c], large[c], 5) << minimum;
        }
      }
      // Each side can determine the scale.
      EXPECT_EQ((*opened)->Decode(region, 1, 81)->width, 160);
      EXPECT_EQ((*opened)->Decode(region, 1, 80)->width, 80);
    }
  }
  // For a rotated image, the minimum applies to the upright image.
  jpeg.exif = ExifOf(6);
  const std::string turned = EncodeJpeg(jpeg);
  const auto opened = OpenImage(turned, kOptions.max_pixels);
  ASSERT_TRUE(opened.ok()) << opened.status();
  const auto part = (*opened)->Decode({0, 80, 160, 160}, 80, 20);
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_EQ(part->height, 80);
  EXPECT_EQ(part->width, 80);
}

TEST(OpenedImage, ACutOffFileIsRefusedThoughTheRegionIsThere) {
  JpegContent jpeg;
  jpeg.width = 64;
  jpeg.height = 640;
  jpeg.pixels = Picture(640, 64);
  PngContent png;
  png.width = 64;
  png.height = 640;
  png.pixels = jpeg.pixels;
  WebpContent webp;
  webp.width = 64;
  webp.height = 640;
  webp.pixels = jpeg.pixels;
  for (const std::string& whole : {EncodeJpeg(jpeg), EncodePng(png), EncodeWebp(webp)}) {
    for (const size_t cut : {whole.size() / 2, whole.size() - 30, whole.size() - 1}) {
      const std::string bytes = whole.substr(0, cut);
      const auto opened = OpenImage(bytes, kOptions.max_pixels);
      const absl::Status status =
          opened.ok() ? (*opened)->Decode({0, 0, 8, 8}, 8, 8).status() : opened.status();
      EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << cut << " of " << whole.size();
    }
  }
}

TEST(DecodeImage, SaysWhatIsWrong) {
  const auto error = [](const std::string& bytes) {
    const absl::Status status = DecodeImage(bytes, kOptions).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    return std::string(status.message());
  };
  EXPECT_EQ(error(""), "is empty");
  EXPECT_EQ(error("some text"), "is not a PNG, JPEG or WebP image");
  EXPECT_EQ(error("GIF89a"), "is a GIF image, not a PNG, JPEG or WebP image");
  EXPECT_EQ(error("\n<!DOCTYPE html>"), "is an HTML page, not a PNG, JPEG or WebP image");
  EXPECT_EQ(error("version https://git-lfs.github.com/spec/v1"),
            "is a git-lfs pointer, not a PNG, JPEG or WebP image");
  const std::string webp = PlainWebp(20, 20, 1, 2, 3);
  EXPECT_THAT(error(webp.substr(0, webp.size() - 3)), HasSubstr("WebP: "));
  EXPECT_THAT(error("\x89PNG\r\n\x1a\n"), HasSubstr("PNG: "));
  EXPECT_THAT(error("\xff\xd8\xff"), HasSubstr("JPEG: "));
  const std::string png = PlainPng(20, 20, 1, 2, 3);
  EXPECT_THAT(error(png.substr(0, png.size() - 20)), HasSubstr("PNG: "));
  const std::string jpeg = EncodeJpeg(Jpeg(3, {{255, 0, 0}, {10, 200, 100}, {1, 2, 3}}));
  EXPECT_EQ(error(jpeg.substr(0, jpeg.size() - 20)), "JPEG: Premature end of JPEG file");
}

/// A JPEG whose header has the maximum size.
std::string HugeJpeg() {
  std::string jpeg = EncodeJpeg(Jpeg(3, {{255, 0, 0}, {10, 200, 100}, {1, 2, 3}}));
  const size_t frame = jpeg.find("\xff\xc0");
  EXPECT_NE(frame, std::string::npos);
  for (int i = 5; i < 9; ++i) jpeg[frame + i] = static_cast<char>(0xff - i % 2 * 20);
  return jpeg;
}

TEST(DecodeImage, BombsAreRefusedBeforeAnythingIsAllocated) {
  EXPECT_EQ(DecodeImage(PlainPng(20, 30, 1, 2, 3), {599}).status().message(),
            "promises 20x30 pixels, more than max_pixels 599");
  EXPECT_TRUE(DecodeImage(PlainPng(20, 30, 1, 2, 3), {600}).ok());
  // 3 * 60,395 * 60,395 bytes would be 11 GB.
  EXPECT_EQ(DecodeImage(HugeJpeg(), {1000000000, 8}).status().message(),
            "promises 60415x60415 pixels, more than max_pixels 1000000000");
}

TEST(DecodeImage, CutOffAnywhereItIsRefusedOrWhole) {
  JpegContent progressive = Jpeg(3, {{255, 0, 0}, {10, 200, 100}, {1, 2, 3}});
  progressive.progressive = true;
  for (const std::string& whole :
       {PlainPng(20, 20, 1, 2, 3),
        EncodeJpeg(Jpeg(4, {{255, 0, 0, 0}, {0, 0, 0, 128}, {0, 0, 0, 9}})),
        EncodeJpeg(progressive), PlainWebp(20, 20, 1, 2, 3)}) {
    const Bytes pixels = Pixels(*DecodeImage(whole, kOptions));
    int refused = 0;
    for (size_t size = 0; size < whole.size(); ++size) {
      // A separate copy, so that the sanitizer finds reads beyond its end.
      const std::string cut(whole.data(), size);
      const auto image = DecodeImage(cut, kOptions);
      if (image.ok()) {
        EXPECT_EQ(Pixels(*image), pixels) << size << " bytes";
      } else {
        ++refused;
      }
    }
    EXPECT_GT(refused, static_cast<int>(whole.size()) - 20);
  }
}

/// A chunk of a PNG without a checksum.
std::string Chunk(const std::string& type, const std::string& content) {
  std::string chunk;
  for (int i = 3; i >= 0; --i) chunk += static_cast<char>(content.size() >> (8 * i));
  return absl::StrCat(chunk, type, content, std::string(4, '\0'));
}

/// Sets the right checksum of every chunk of a PNG, so that the decoder does not reject the
/// content.
void FixChecksums(std::string* png) {
  for (size_t at = 8; at + 12 <= png->size();) {
    size_t length = 0;
    for (int i = 0; i < 4; ++i) length = length << 8 | static_cast<uint8_t>((*png)[at + i]);
    if (length > png->size() - at - 12) return;
    const auto* content = reinterpret_cast<const unsigned char*>(png->data()) + at + 4;
    const auto sum = static_cast<uint32_t>(crc32(0, content, static_cast<uInt>(length + 4)));
    for (int i = 0; i < 4; ++i)
      (*png)[at + 8 + length + i] = static_cast<char>(sum >> (24 - 8 * i));
    at += length + 12;
  }
}

TEST(DecodePng, ExifDataMayStandBehindThePixels) {
  PngContent content;
  content.width = 16;
  content.height = 8;
  content.pixels = Corners();
  std::string png = EncodePng(content);
  png.insert(png.size() - 12, Chunk("eXIf", ExifOf(6)));
  FixChecksums(&png);
  const auto image = DecodeImage(png, kOptions);
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_EQ(CornersOf(*image), "BRWG");
  EXPECT_EQ(image->height, 16);
}

WebpContent WithExif() {
  WebpContent content;
  content.width = 16;
  content.height = 8;
  content.pixels = Corners();
  content.exif = ExifOf(6);
  return content;
}

TEST(DecodeImage, FlippedBitsNeverCrashIt) {
  std::mt19937 random(1);
  PngContent palette = Png(64, 3, 8, Bytes(64, 1));
  palette.palette = {10, 20, 30, 40, 50, 60, 70, 80, 90};
  palette.transparency = {255, 0};
  JpegContent progressive = Jpeg(3, {{255, 0, 0}, {10, 200, 100}, {1, 2, 3}});
  progressive.progressive = true;
  const std::vector<std::string> images = {
      PlainPng(20, 20, 1, 2, 3),
      EncodePng(palette),
      EncodePng(Png(2, 6, 16, Bytes(16, 0x77))),
      EncodeJpeg(Jpeg(3, {{255, 0, 0}, {10, 200, 100}, {1, 2, 3}})),
      EncodeJpeg(progressive),
      EncodeJpeg(Jpeg(4, {{255, 0, 0, 0}, {0, 0, 0, 128}, {0, 0, 0, 9}})),
      EncodeWebp(WithExif())};
  int decoded = 0, refused = 0;
  for (const std::string& image : images) {
    // First every single bit, then several bits at once.
    const int singles = static_cast<int>(8 * image.size());
    for (int trial = 0; trial < singles + 2000; ++trial) {
      std::string damaged = image;
      const int flips = trial < singles ? 1 : 2 + static_cast<int>(random() % 8);
      for (int f = 0; f < flips; ++f) {
        const size_t bit = trial < singles ? trial : random() % singles;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
      }
      if (trial % 4 != 0) FixChecksums(&damaged);
      ++(DecodeImage(damaged, kOptions).ok() ? decoded : refused);
    }
  }
  EXPECT_GT(decoded, 1000);
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace pdarts::images
