#ifndef PDARTS_IMAGES_DECODE_H_
#define PDARTS_IMAGES_DECODE_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts::images {

/// A decoded image: rows from the top, each pixel red, green, blue.
struct RgbImage {
  int64_t height = 0;
  int64_t width = 0;
  std::unique_ptr<uint8_t[]> pixels;  ///< `[height,width,3]`
};

struct DecodeOptions {
  /// A file that promises more is refused before anything of that size is allocated.
  int64_t max_pixels = 0;
  /// Pixels of both sides that are enough: a JPEG may be decoded at a half, a quarter, or an eighth
  /// of its size as long as they stay, which is quicker. 0: never.
  int64_t enough = 0;
};

/// Decodes a PNG, JPEG or WebP file, told apart by its first bytes. Grey, palette and 16-bit images
/// become 8-bit RGB; what is transparent shows white; CMYK and YCCK become RGB without a color
/// profile. The gamma and the color profile that a file may hold change nothing. The orientation
/// that the EXIF data of a file names is applied.
/// \error kDataLoss saying what is wrong: another format, damaged, cut off, or too many pixels.
absl::StatusOr<RgbImage> DecodeImage(absl::string_view bytes, const DecodeOptions& options);

/// The same for one format. \error as DecodeImage.
absl::StatusOr<RgbImage> DecodePng(absl::string_view bytes, const DecodeOptions& options);
absl::StatusOr<RgbImage> DecodeJpeg(absl::string_view bytes, const DecodeOptions& options);
absl::StatusOr<RgbImage> DecodeWebp(absl::string_view bytes, const DecodeOptions& options);

/// \error kDataLoss if an image of this size is empty or has more than `max_pixels`.
absl::Status CheckSize(int64_t height, int64_t width, int64_t max_pixels);

/// An image of this size, its pixels not set.
RgbImage MakeImage(int64_t height, int64_t width);

/// An image before white. rgba: `[height,width,4]`, not premultiplied.
RgbImage OverWhite(const uint8_t* rgba, int64_t height, int64_t width);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_DECODE_H_
