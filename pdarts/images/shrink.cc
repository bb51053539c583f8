#include "pdarts/images/shrink.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "ATen/core/Tensor.h"
#include "ATen/ops/_upsample_bilinear2d_aa.h"
#include "ATen/ops/from_blob.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/images/decode.h"
#include "pdarts/images/encode_jpeg.h"
#include "pdarts/images/format.h"

namespace pdarts::images {
namespace {

absl::string_view EndingOf(absl::string_view bytes) {
  switch (FindContent(bytes).format) {
    case Format::kPng:
      return "png";
    case Format::kWebp:
      return "webp";
    default:
      return "jpg";
  }
}

}  // namespace

absl::StatusOr<ShrunkImage> ShrinkImage(std::string bytes, int64_t side, int quality,
                                        int64_t max_pixels) {
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<OpenedImage> opened, OpenImage(bytes, max_pixels));
  const int64_t height = opened->height(), width = opened->width();
  const int64_t shorter = std::min(height, width);
  if (shorter <= side) {
    // The file is decoded completely, because a later reader relies on it.
    PDARTS_RETURN_IF_ERROR(opened->DecodeWhole(1).status());
    const absl::string_view ending = EndingOf(bytes);
    return ShrunkImage{std::move(bytes), ending};
  }
  const auto scaled = [&](int64_t size) {
    return std::max(side, (2 * size * side + shorter) / (2 * shorter));
  };
  const int64_t new_height = scaled(height), new_width = scaled(width);
  if (std::max(new_height, new_width) > kMostJpegPixels) {
    return absl::InvalidArgumentError(absl::StrCat("is too long: ", new_width, "x", new_height,
                                                   " pixels with a shorter side of ", side));
  }
  // The decoder returns at least twice the pixels, so that the antialiasing determines the quality.
  PDARTS_ASSIGN_OR_RETURN(const RgbImage image,
                          opened->Decode({0, 0, width, height}, 2 * new_height, 2 * new_width));
  const at::Tensor pixels =
      at::from_blob(image.pixels.get(), {1, image.height, image.width, 3}, at::kByte);
  const at::Tensor shrunk =
      at::_upsample_bilinear2d_aa(pixels.permute({0, 3, 1, 2}), {new_height, new_width},
                                  /*align_corners=*/false)
          .permute({0, 2, 3, 1})
          .contiguous();
  return ShrunkImage{EncodeJpeg(shrunk.const_data_ptr<uint8_t>(), new_height, new_width, quality),
                     "jpg"};
}

}  // namespace pdarts::images
