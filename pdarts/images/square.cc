#include "pdarts/images/square.h"

#include <algorithm>
#include <string>

#include "ATen/ops/_upsample_bilinear2d_aa.h"
#include "ATen/ops/from_blob.h"
#include "absl/status/statusor.h"
#include "glog/logging.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/images/decode.h"
#include "pdarts/nn/kernels/parallel.h"

namespace pdarts::images {
namespace {

constexpr int64_t kChannels = 3;

/// Returns `[1,3,size,size]` uint8.
at::Tensor Resize(const RgbImage& image, int64_t size, ImageFit fit) {
  at::Tensor pixels =
      at::from_blob(image.pixels.get(), {1, image.height, image.width, kChannels}, at::kByte);
  if (fit == ImageFit::kCrop) {
    const int64_t side = std::min(image.height, image.width);
    pixels =
        pixels.narrow(1, (image.height - side) / 2, side).narrow(2, (image.width - side) / 2, side);
  }
  return at::_upsample_bilinear2d_aa(pixels.permute({0, 3, 1, 2}), {size, size},
                                     /*align_corners=*/false);
}

}  // namespace

absl::Status MakeSquare(absl::string_view bytes, const SquareOptions& options,
                        const at::Tensor& to) {
  PDARTS_ASSIGN_OR_RETURN(const RgbImage image,
                          DecodeImage(bytes, {options.max_pixels, /*enough=*/2 * options.size}));
  to.copy_(Resize(image, options.size, options.fit).squeeze(0));
  return absl::OkStatus();
}

std::vector<absl::Status> ReadSquares(const ImageStore& store, absl::Span<const int64_t> indices,
                                      const SquareOptions& options, const at::Tensor& images) {
  CHECK_EQ(images.size(0), static_cast<int64_t>(indices.size()));
  std::vector<absl::Status> statuses(indices.size());
  nn::ParallelFor(images.size(0), [&](int64_t, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const absl::StatusOr<std::string> bytes = store.Read(indices[i]);
      statuses[i] =
          Annotate(bytes.ok() ? MakeSquare(*bytes, options, images.select(0, i)) : bytes.status(),
                   store.Name(indices[i]));
    }
  });
  return statuses;
}

}  // namespace pdarts::images
