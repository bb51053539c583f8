#include "pdarts/images/thumbnail.h"

#include <algorithm>

#include "ATen/ops/_upsample_bilinear2d_aa.h"
#include "glog/logging.h"
#include "pdarts/images/encode_jpeg.h"

namespace pdarts::images {
namespace {

/// The quality of libjpeg, high enough that an image of this size shows no blocks.
constexpr int kQuality = 85;

/// The maximum side of the square that a pixel becomes.
constexpr int64_t kMostEnlarged = 4;

/// Resizes `[C,H,W]` to `[C,h,w]`, with sides of at most kThumbnailSide.
at::Tensor Resize(const at::Tensor& pixels) {
  const int64_t height = pixels.size(1), width = pixels.size(2);
  const int64_t longer = std::max(height, width);
  if (longer <= kThumbnailSide) {
    const int64_t factor = std::min(kThumbnailSide / longer, kMostEnlarged);
    return pixels.repeat_interleave(factor, 1).repeat_interleave(factor, 2);
  }
  const auto shrunk = [&](int64_t size) {
    return std::max<int64_t>(1, (size * kThumbnailSide + longer / 2) / longer);
  };
  return at::_upsample_bilinear2d_aa(pixels.to(at::kFloat).unsqueeze(0),
                                     {shrunk(height), shrunk(width)}, /*align_corners=*/false)
      .squeeze(0)
      .round()
      .clamp(0, 255)
      .to(at::kByte);
}

}  // namespace

std::string EncodeThumbnail(const at::Tensor& pixels) {
  CHECK(pixels.dim() == 3 && pixels.scalar_type() == at::kByte && pixels.numel() > 0)
      << pixels.scalar_type() << " " << pixels.sizes();
  const at::Tensor small = Resize(pixels.size(0) == 3 ? pixels : pixels.narrow(0, 0, 1));
  const int64_t height = small.size(1), width = small.size(2);
  const at::Tensor rows = small.expand({3, height, width}).permute({1, 2, 0}).contiguous();
  return EncodeJpeg(rows.const_data_ptr<uint8_t>(), height, width, kQuality);
}

}  // namespace pdarts::images
