#include "pdarts/datasets/transforms/small_image_plans.h"

#include <algorithm>

#include "ATen/Dispatch.h"
#include "ATen/ops/empty.h"
#include "pdarts/device/operators.h"

namespace pdarts {
namespace {

at::Tensor MakeTable(const std::vector<double>& mean, const std::vector<double>& standard_deviation,
                     at::ScalarType dtype) {
  const auto channels = static_cast<int64_t>(mean.size());
  const at::Tensor table = at::empty({channels, 256}, dtype);
  AT_DISPATCH_FLOATING_TYPES(dtype, "normalized bytes", [&] {
    auto* out = table.mutable_data_ptr<scalar_t>();
    for (size_t c = 0; c < mean.size(); ++c) {
      for (int v = 0; v < 256; ++v)
        *out++ = NormalizedByte<scalar_t>(v, mean[c], standard_deviation[c]);
    }
  });
  return table;
}

}  // namespace

bool SmallImagePlans::Write(const ImagePlan& plan, int32_t* numbers) {
  map_.Begin(image_.height, image_.width);
  for (const ImagePlan::Step& step : plan.steps()) {
    if (!map_.Add(step)) return false;
  }
  const ImagePlan::Step* const normalize = map_.normalize();
  const std::vector<PixelMap::Hole>& holes = map_.holes();
  if (normalize == nullptr || map_.height() != image_.height || map_.width() != image_.width ||
      holes.size() > static_cast<size_t>(operators::kMostHoles)) {
    return false;
  }
  if (!table_.defined()) {
    mean_ = *normalize->mean;
    deviation_ = *normalize->deviation;
    table_ = MakeTable(mean_, deviation_, dtype_);
  } else if (*normalize->mean != mean_ || *normalize->deviation != deviation_) {
    return false;
  }
  const auto put = [&numbers](int64_t number) { *numbers++ = static_cast<int32_t>(number); };
  int32_t* const end = numbers + operators::kImageNumbers;
  const PixelRegion& part = map_.part();
  put(map_.top());
  put(map_.left());
  put(map_.is_flipped() ? 1 : 0);
  put(part.top);
  put(part.top + part.height);
  put(part.left);
  put(part.left + part.width);
  for (const PixelMap::Hole& hole : holes) {
    put(hole.top);
    put(hole.bottom);
    put(hole.left);
    put(hole.right);
    put(hole.before_normalize ? 1 : 0);
  }
  std::fill(numbers, end, 0);
  return true;
}

}  // namespace pdarts
