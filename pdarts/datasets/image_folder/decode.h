#ifndef PDARTS_DATASETS_IMAGE_FOLDER_DECODE_H_
#define PDARTS_DATASETS_IMAGE_FOLDER_DECODE_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts::image_folder {

/// A decoded image: rows from the top, each pixel red, green, blue.
struct RgbImage {
  int64_t height = 0;
  int64_t width = 0;
  std::unique_ptr<uint8_t[]> pixels;  ///< `[height,width,3]`
};

/// Decodes a PNG or JPEG file, told apart by its first bytes. Grey, palette and 16-bit images
/// become 8-bit sRGB; what is transparent shows white; CMYK and YCCK become RGB without a colour
/// profile. An orientation that a camera noted is not applied.
/// \error kDataLoss saying what is wrong: neither format, damaged, cut off, or more than
/// `max_pixels`, which is known before anything of that size is allocated.
absl::StatusOr<RgbImage> DecodeImage(absl::string_view bytes, int64_t max_pixels);

/// The same for one format. \error as DecodeImage.
absl::StatusOr<RgbImage> DecodePng(absl::string_view bytes, int64_t max_pixels);
absl::StatusOr<RgbImage> DecodeJpeg(absl::string_view bytes, int64_t max_pixels);

/// Pixels for an image of this size. \error kDataLoss if it is empty or has more than `max_pixels`.
absl::StatusOr<RgbImage> MakeImage(int64_t height, int64_t width, int64_t max_pixels);

}  // namespace pdarts::image_folder

#endif  // PDARTS_DATASETS_IMAGE_FOLDER_DECODE_H_
