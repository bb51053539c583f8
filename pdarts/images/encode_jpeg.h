#ifndef PDARTS_IMAGES_ENCODE_JPEG_H_
#define PDARTS_IMAGES_ENCODE_JPEG_H_

#include <cstdint>
#include <string>

namespace pdarts::images {

/// The maximum length of a side of a JPEG file in libjpeg, in pixels.
inline constexpr int64_t kMostJpegPixels = 65500;

/// Encodes an image as a JPEG file. `quality` is libjpeg's quality, 1 to 100. Colors have half the
/// resolution of brightness. The same image gives the same bytes with the same version of the
/// library.
/// \param pixels `[height,width,3]`, red, green, blue.
/// \param height, width at most kMostJpegPixels.
std::string EncodeJpeg(const uint8_t* pixels, int64_t height, int64_t width, int quality);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_ENCODE_JPEG_H_
