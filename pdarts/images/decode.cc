#include "pdarts/images/decode.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/images/format.h"
#include "pdarts/images/orientation.h"

namespace pdarts::images {
namespace {

int64_t Nearest(int64_t position, int denominator) {
  return (position + denominator / 2) / denominator;
}

}  // namespace

absl::StatusOr<std::unique_ptr<OpenedImage>> OpenImage(absl::string_view bytes,
                                                       int64_t max_pixels) {
  const Content content = FindContent(bytes);
  switch (content.format) {
    case Format::kPng:
      return OpenPng(bytes, max_pixels);
    case Format::kJpeg:
      return OpenJpeg(bytes, max_pixels);
    case Format::kWebp:
      return OpenWebp(bytes, max_pixels);
    case Format::kOtherImage:
    case Format::kNoImage:
      return absl::DataLossError(
          absl::StrCat("is ", content.name, ", not a PNG, JPEG or WebP image"));
    case Format::kUnknown:
      break;
  }
  return absl::DataLossError(bytes.empty() ? "is empty" : "is not a PNG, JPEG or WebP image");
}

bool OpenedImage::transposed() const { return AxesOf(orientation_).transposed; }

int64_t OpenedImage::Scaled(int64_t size, int denominator) {
  return (size + denominator - 1) / denominator;
}

PixelRegion OpenedImage::InStored(const PixelRegion& region, int denominator) const {
  const StoredAxes axes = AxesOf(orientation_);
  PixelRegion stored = region;
  if (axes.transposed) stored = {region.top, region.left, region.height, region.width};
  if (axes.rows_turned) stored.top = stored_height_ - stored.top - stored.height;
  if (axes.columns_turned) stored.left = stored_width_ - stored.left - stored.width;
  // Rounds to the nearest pixels of the smaller image. The last pixel of the smaller image may
  // represent fewer pixels than the others.
  const auto scale = [&](int64_t size, int64_t* begin, int64_t* length) {
    const int64_t end = *begin + *length;
    const int64_t scaled_end =
        end == size ? Scaled(size, denominator) : std::max<int64_t>(Nearest(end, denominator), 1);
    *begin = std::min(Nearest(*begin, denominator), scaled_end - 1);
    *length = scaled_end - *begin;
  };
  scale(stored_height_, &stored.top, &stored.height);
  scale(stored_width_, &stored.left, &stored.width);
  return stored;
}

absl::StatusOr<RgbImage> OpenedImage::Decode(const PixelRegion& region, int64_t min_height,
                                             int64_t min_width) const {
  CHECK(region.left >= 0 && region.top >= 0 && region.width > 0 && region.height > 0 &&
        region.width <= width() - region.left && region.height <= height() - region.top)
      << region.width << "x" << region.height << " at " << region.left << "," << region.top
      << " of " << width() << "x" << height();
  if (transposed()) std::swap(min_height, min_width);
  for (const int denominator : {8, 4, 2}) {
    if (!scales()) break;
    if (region.height < denominator || region.width < denominator) continue;  // less than a pixel
    const PixelRegion stored = InStored(region, denominator);
    if (stored.height < min_height || stored.width < min_width) continue;
    return DecodeAt(stored, denominator);
  }
  return DecodeAt(InStored(region, 1), 1);
}

absl::StatusOr<RgbImage> OpenedImage::DecodeWhole(int denominator) const {
  return DecodeAt(InStored({0, 0, width(), height()}, denominator), denominator);
}

absl::StatusOr<RgbImage> OpenedImage::DecodeAt(const PixelRegion& stored, int denominator) const {
  PDARTS_ASSIGN_OR_RETURN(RgbImage image, DecodeStored(stored, denominator));
  return Upright(std::move(image), orientation_);
}

absl::StatusOr<RgbImage> DecodeImage(absl::string_view bytes, const DecodeOptions& options) {
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<OpenedImage> image,
                          OpenImage(bytes, options.max_pixels));
  if (options.enough > 0 && FindContent(bytes).format == Format::kJpeg) {
    const int64_t side = std::min(image->height(), image->width());
    for (const int denominator : {8, 4, 2}) {
      if (side / denominator >= options.enough) return image->DecodeWhole(denominator);
    }
  }
  return image->DecodeWhole(1);
}

absl::Status CheckSize(int64_t height, int64_t width, int64_t max_pixels) {
  if (height <= 0 || width <= 0) return absl::DataLossError("holds no pixels");
  if (height > max_pixels / width) {
    return absl::DataLossError(absl::StrCat("promises ", width, "x", height,
                                            " pixels, more than max_pixels ", max_pixels));
  }
  return absl::OkStatus();
}

RgbImage MakeImage(int64_t height, int64_t width) {
  RgbImage image;
  image.height = height;
  image.width = width;
  image.pixels.reset(new uint8_t[3 * height * width]);
  return image;
}

RgbImage CutOut(const RgbImage& image, const PixelRegion& region) {
  RgbImage part = MakeImage(region.height, region.width);
  const uint8_t* from = image.pixels.get() + 3 * (region.top * image.width + region.left);
  uint8_t* to = part.pixels.get();
  for (int64_t y = 0; y < region.height; ++y, from += 3 * image.width, to += 3 * region.width) {
    std::memcpy(to, from, static_cast<size_t>(3 * region.width));
  }
  return part;
}

RgbImage OverWhite(const uint8_t* rgba, int64_t height, int64_t width) {
  RgbImage image = MakeImage(height, width);
  uint8_t* to = image.pixels.get();
  for (int64_t i = 0; i < height * width; ++i, rgba += 4, to += 3) {
    const unsigned alpha = rgba[3];
    for (int c = 0; c < 3; ++c) {
      to[c] = static_cast<uint8_t>((rgba[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
  }
  return image;
}

}  // namespace pdarts::images
