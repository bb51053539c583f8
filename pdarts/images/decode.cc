#include "pdarts/images/decode.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "pdarts/images/format.h"

namespace pdarts::images {

absl::StatusOr<RgbImage> DecodeImage(absl::string_view bytes, const DecodeOptions& options) {
  const Content content = FindContent(bytes);
  switch (content.format) {
    case Format::kPng:
      return DecodePng(bytes, options);
    case Format::kJpeg:
      return DecodeJpeg(bytes, options);
    case Format::kWebp:
      return DecodeWebp(bytes, options);
    case Format::kOtherImage:
    case Format::kNoImage:
      return absl::DataLossError(
          absl::StrCat("is ", content.name, ", not a PNG, JPEG or WebP image"));
    case Format::kUnknown:
      break;
  }
  return absl::DataLossError(bytes.empty() ? "is empty" : "is not a PNG, JPEG or WebP image");
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
