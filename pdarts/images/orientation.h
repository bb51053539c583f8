#ifndef PDARTS_IMAGES_ORIENTATION_H_
#define PDARTS_IMAGES_ORIENTATION_H_

#include "absl/strings/string_view.h"
#include "pdarts/images/decode.h"

namespace pdarts::images {

/// The orientation, 1 to 8, that a camera noted in a block of EXIF data. The block may begin with
/// "Exif\0\0". 1, which is upright, where the block is damaged or has none.
int OrientationOf(absl::string_view exif);

/// How the axes of an upright image lie in the stored one.
struct StoredAxes {
  bool transposed = false;      ///< rows are stored as columns
  bool rows_turned = false;     ///< the stored rows come from the bottom to the top
  bool columns_turned = false;  ///< the stored columns come from the right to the left
};

/// `orientation` is that of OrientationOf.
StoredAxes AxesOf(int orientation);

/// The image as it is to be seen. `orientation` is that of OrientationOf.
RgbImage Upright(RgbImage image, int orientation);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_ORIENTATION_H_
