#include "pdarts/images/encode_jpeg.h"

#include <cstdio>
#include <cstdlib>
// clang-format off
#include <jpeglib.h>  // needs <cstdio> before it
// clang-format on

#include "glog/logging.h"

namespace pdarts::images {
namespace {

static_assert(kMostJpegPixels == JPEG_MAX_DIMENSION);

/// libjpeg reports errors by calling this function. No input of a user can cause an error here:
/// libjpeg uses its own memory, and the size has been checked.
[[noreturn]] void OnError(j_common_ptr info) {
  char message[JMSG_LENGTH_MAX];
  info->err->format_message(info, message);
  LOG(FATAL) << "JPEG: " << message;
}

}  // namespace

std::string EncodeJpeg(const uint8_t* pixels, int64_t height, int64_t width, int quality) {
  CHECK(height > 0 && width > 0 && height <= kMostJpegPixels && width <= kMostJpegPixels);
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  errors.error_exit = &OnError;
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;  // NOLINT: libjpeg's type
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_height = static_cast<JDIMENSION>(height);
  info.image_width = static_cast<JDIMENSION>(width);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(pixels) + size_t{3} * info.next_scanline * info.image_width;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const std::string bytes(reinterpret_cast<const char*>(buffer), size);
  std::free(buffer);
  return bytes;
}

}  // namespace pdarts::images
