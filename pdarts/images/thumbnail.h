#ifndef PDARTS_IMAGES_THUMBNAIL_H_
#define PDARTS_IMAGES_THUMBNAIL_H_

#include <cstdint>
#include <string>

#include "ATen/core/Tensor.h"

namespace pdarts::images {

/// The longer side of a thumbnail has at most so many pixels.
inline constexpr int64_t kThumbnailSide = 112;

/// A small picture of an image, as a JPEG file of a few kilobytes. A large image is shrunk. Of a
/// small image each pixel becomes a square of up to 4x4 pixels, so that it can be seen. An image of
/// another number of channels than 3 shows its first channel in gray. The same image gives the same
/// bytes with the same version of libjpeg.
/// \param pixels `[C,H,W]` uint8 on the CPU, with any strides; each size at least 1.
std::string EncodeThumbnail(const at::Tensor& pixels);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_THUMBNAIL_H_
