#include "pdarts/datasets/transforms/center_crop.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace pdarts {
namespace {

/// A decoder may shrink images to twice their final size, but no further, so that the images of an
/// evaluation stay sharp.
constexpr int64_t kMinScale = 2;

/// Converts a length in pixels of the new image to pixels of the old image.
int64_t Scaled(int64_t pixels, double scale, int64_t limit) {
  return std::clamp<int64_t>(std::llround(static_cast<double>(pixels) * scale), 1, limit);
}

}  // namespace

void PlanCenterCrop(const DatasetInfo& info, int64_t short_side, ImagePlan* plan) {
  const int64_t height = plan->height(), width = plan->width();
  const int64_t new_height = info.image.height, new_width = info.image.width;
  if (short_side > 0 && short_side < std::max(new_height, new_width)) {
    return plan->Refuse(absl::StrCat("has short_side: ", short_side, ", expected at least ",
                                     std::max(new_height, new_width),
                                     ", the larger side of the network's images"));
  }
  if (short_side == 0 && info.fit == ImageFit::kStretch) {
    return plan->Resize({0, 0, width, height}, new_height, new_width, kMinScale);
  }
  // Pixels of the old image for each pixel of the new image.
  const double scale =
      short_side > 0
          ? static_cast<double>(std::min(height, width)) / static_cast<double>(short_side)
          : std::min(static_cast<double>(height) / static_cast<double>(new_height),
                     static_cast<double>(width) / static_cast<double>(new_width));
  PixelRegion region;
  region.height = Scaled(new_height, scale, height);
  region.width = Scaled(new_width, scale, width);
  region.top = (height - region.height) / 2;
  region.left = (width - region.width) / 2;
  plan->Resize(region, new_height, new_width, kMinScale);
}

}  // namespace pdarts
