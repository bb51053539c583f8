#include "pdarts/images/square.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "ATen/ops/_upsample_bilinear2d_aa.h"
#include "ATen/ops/from_blob.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/core/file.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/images/decode.h"
#include "pdarts/nn/kernels/parallel.h"

namespace pdarts::images {
namespace {

constexpr int64_t kChannels = 3;
constexpr uintmax_t kMaxFileBytes = 1ULL << 30;

/// `[1,3,size,size]` uint8.
at::Tensor Resize(const RgbImage& image, int64_t size, Fit fit) {
  at::Tensor pixels =
      at::from_blob(image.pixels.get(), {1, image.height, image.width, kChannels}, at::kByte);
  if (fit == Fit::kCrop) {
    const int64_t side = std::min(image.height, image.width);
    pixels =
        pixels.narrow(1, (image.height - side) / 2, side).narrow(2, (image.width - side) / 2, side);
  }
  return at::_upsample_bilinear2d_aa(pixels.permute({0, 3, 1, 2}), {size, size},
                                     /*align_corners=*/false);
}

}  // namespace

absl::Status ReadSquare(const std::string& path, const SquareOptions& options,
                        const at::Tensor& to) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return absl::DataLossError("is not a regular file");
  }
  if (std::filesystem::file_size(path, error) > kMaxFileBytes || error) {
    return absl::DataLossError("is larger than an image can be");
  }
  PDARTS_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  PDARTS_ASSIGN_OR_RETURN(const RgbImage image,
                          DecodeImage(bytes, {options.max_pixels, /*enough=*/2 * options.size}));
  to.copy_(Resize(image, options.size, options.fit).squeeze(0));
  return absl::OkStatus();
}

std::vector<absl::Status> ReadSquares(const std::vector<std::string>& paths,
                                      const SquareOptions& options, const at::Tensor& images) {
  CHECK_EQ(images.size(0), static_cast<int64_t>(paths.size()));
  std::vector<absl::Status> statuses(paths.size());
  nn::ParallelFor(images.size(0), [&](int64_t, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      statuses[i] = Annotate(ReadSquare(paths[i], options, images.select(0, i)), paths[i]);
    }
  });
  return statuses;
}

}  // namespace pdarts::images
