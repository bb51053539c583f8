#ifndef PDARTS_IMAGES_ORIENTATION_H_
#define PDARTS_IMAGES_ORIENTATION_H_

#include "absl/strings/string_view.h"
#include "pdarts/images/decode.h"

namespace pdarts::images {

/// The orientation, 1 to 8, that a camera stored in a block of EXIF data. The block may begin with
/// "Exif\0\0". The result is 1, which means upright, if the block is damaged or has no orientation.
int OrientationOf(absl::string_view exif);

/// How the axes of the upright image are stored.
struct StoredAxes {
  bool transposed = false;      ///< rows of the upright image are stored as columns
  bool rows_turned = false;     ///< the rows are stored from the bottom to the top
  bool columns_turned = false;  ///< the columns are stored from the right to the left
};

/// `orientation` is the result of OrientationOf.
StoredAxes AxesOf(int orientation);

/// Rotates and mirrors an image so that it is upright. `orientation` is the result of
/// OrientationOf.
RgbImage Upright(RgbImage image, int orientation);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_ORIENTATION_H_
