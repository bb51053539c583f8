#ifndef PDARTS_IMAGES_THUMBNAIL_H_
#define PDARTS_IMAGES_THUMBNAIL_H_

#include <cstdint>
#include <string>

#include "ATen/core/Tensor.h"

namespace pdarts::images {

/// The maximum length of the longer side of a thumbnail, in pixels.
inline constexpr int64_t kThumbnailSide = 112;

/// A small copy of an image, as a JPEG file of a few kilobytes. A large image is shrunk. Each pixel
/// of a small image becomes a square of up to 4x4 pixels, so that the image can be seen. If the
/// number of channels is not 3, the first channel is shown in gray. The same image gives the same
/// bytes with the same version of libjpeg.
/// \param pixels `[C,H,W]` uint8 on the CPU, with any strides; each size at least 1.
std::string EncodeThumbnail(const at::Tensor& pixels);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_THUMBNAIL_H_
