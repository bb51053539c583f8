#ifndef PDARTS_IMAGES_ORIENTATION_H_
#define PDARTS_IMAGES_ORIENTATION_H_

#include "absl/strings/string_view.h"
#include "pdarts/images/decode.h"

namespace pdarts::images {

/// The orientation, 1 to 8, that a camera noted in a block of EXIF data. The block may begin with
/// "Exif\0\0". 1, which is upright, where the block is damaged or has none.
int OrientationOf(absl::string_view exif);

/// The image as it is to be seen. `orientation` is that of OrientationOf.
RgbImage Upright(RgbImage image, int orientation);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_ORIENTATION_H_
