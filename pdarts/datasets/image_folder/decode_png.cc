#include <png.h>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/datasets/image_folder/decode.h"

namespace pdarts::image_folder {

absl::StatusOr<RgbImage> DecodePng(absl::string_view bytes, const DecodeOptions& options) {
  // libpng's simplified interface: it brings every kind of PNG to what is asked for, and keeps its
  // jumps to itself.
  png_image png = {};
  png.version = PNG_IMAGE_VERSION;
  const absl::Cleanup free_png = [&] { png_image_free(&png); };
  const auto damaged = [&] { return absl::DataLossError(absl::StrCat("PNG: ", png.message)); };
  if (png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()) == 0) return damaged();
  PDARTS_RETURN_IF_ERROR(CheckSize(png.height, png.width, options.max_pixels));
  RgbImage image = MakeImage(png.height, png.width);
  png.format = PNG_FORMAT_RGB;
  // 16-bit images that don't say otherwise are as bright as 8-bit ones, not linear light.
  png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  const png_color white = {255, 255, 255};
  if (png_image_finish_read(&png, &white, image.pixels.get(), /*row_stride=*/0,
                            /*colormap=*/nullptr) == 0) {
    return damaged();
  }
  return image;
}

}  // namespace pdarts::image_folder
