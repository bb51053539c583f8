#ifndef PDARTS_IMAGES_SHRINK_H_
#define PDARTS_IMAGES_SHRINK_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts::images {

/// An image file whose shorter side has at most so many pixels.
struct ShrunkImage {
  std::string bytes;
  absl::string_view ending;  ///< of a file's name: "jpg", "png" or "webp"
};

/// Shrinks an image file so that its shorter side has `side` pixels, with antialiasing, and encodes
/// it as JPEG of this quality. A file whose shorter side has no more pixels stays as it is, and so
/// does its format.
/// \error as OpenImage and OpenedImage::Decode, also for a file that stays as it is;
/// kInvalidArgument for an image that is too long for a JPEG file when its shorter side is `side`.
absl::StatusOr<ShrunkImage> ShrinkImage(std::string bytes, int64_t side, int quality,
                                        int64_t max_pixels);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_SHRINK_H_
