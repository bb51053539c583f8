#include "pdarts/datasets/image_folder/decode.h"

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace pdarts::image_folder {

absl::StatusOr<RgbImage> DecodeImage(absl::string_view bytes, const DecodeOptions& options) {
  if (absl::StartsWith(bytes, "\x89PNG\r\n\x1a\n")) return DecodePng(bytes, options);
  if (absl::StartsWith(bytes, "\xff\xd8\xff")) return DecodeJpeg(bytes, options);
  return absl::DataLossError(bytes.empty() ? "is empty" : "is neither a PNG nor a JPEG file");
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

}  // namespace pdarts::image_folder
