#include "pdarts/datasets/statistics.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

absl::Status Take(const std::string& name, const google::protobuf::RepeatedField<double>& values,
                  int channels, std::vector<double>* to) {
  if (values.empty()) return absl::OkStatus();
  if (values.size() != channels) {
    return absl::InvalidArgumentError(absl::StrCat(
        name, ": has ", values.size(), " elements, expected one for each channel: ", channels));
  }
  to->assign(values.begin(), values.end());
  return absl::OkStatus();
}

}  // namespace

absl::Status TakeStatistics(const google::protobuf::RepeatedField<double>& mean,
                            const google::protobuf::RepeatedField<double>& standard_deviation,
                            DatasetInfo* info) {
  PDARTS_RETURN_IF_ERROR(Take("mean", mean, info->image.channels, &info->mean));
  return Take("deviation", standard_deviation, info->image.channels, &info->deviation);
}

void ComputeStatistics(const at::Tensor& images, DatasetInfo* info) {
  CHECK(images.is_contiguous() && images.scalar_type() == at::kByte && images.dim() == 4 &&
        images.numel() > 0);
  const int64_t channels = images.size(1), plane = images.size(2) * images.size(3);
  // The sums are whole numbers and therefore exact: 64 bits hold the sum of the squares of 2^48
  // pixels.
  std::vector<uint64_t> sum(channels), squares(channels);
  const uint8_t* pixel = images.const_data_ptr<uint8_t>();
  for (int64_t n = 0; n < images.size(0); ++n) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t i = 0; i < plane; ++i, ++pixel) {
        sum[c] += *pixel;
        squares[c] += uint64_t{*pixel} * *pixel;
      }
    }
  }
  const auto pixels = static_cast<uint64_t>(images.size(0) * plane);
  info->mean.resize(channels);
  info->deviation.resize(channels);
  for (int64_t c = 0; c < channels; ++c) {
    using Wide = unsigned __int128;
    const Wide scaled_variance = Wide{pixels} * squares[c] - Wide{sum[c]} * sum[c];
    const double scale = 255.0 * static_cast<double>(pixels);
    info->mean[c] = static_cast<double>(sum[c]) / scale;
    info->deviation[c] =
        scaled_variance == 0 ? 1 : std::sqrt(static_cast<double>(scaled_variance)) / scale;
  }
}

}  // namespace pdarts
