#ifndef PDARTS_IMAGES_SHRINK_H_
#define PDARTS_IMAGES_SHRINK_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts::images {

/// An image file whose shorter side has a limited number of pixels.
struct ShrunkImage {
  std::string bytes;
  absl::string_view ending;  ///< of the file name: "jpg", "png" or "webp"
};

/// Shrinks an image file so that its shorter side has `side` pixels, with antialiasing, and encodes
/// it as a JPEG of this quality. A file whose shorter side does not have more pixels is not
/// changed, and keeps its format.
/// \error as OpenImage and OpenedImage::Decode, also for a file that is not changed;
/// kInvalidArgument if the longer side of the result would be too long for a JPEG file.
absl::StatusOr<ShrunkImage> ShrinkImage(std::string bytes, int64_t side, int quality,
                                        int64_t max_pixels);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_SHRINK_H_
