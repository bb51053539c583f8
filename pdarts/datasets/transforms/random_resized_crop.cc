#include <algorithm>
#include <cmath>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/transform.h"
#include "pdarts/datasets/transforms/transforms.pb.h"

namespace pdarts {
namespace {

using transforms::RandomResizedCropConfig;

/// The maximum number of rectangles that are drawn until one fits into the image.
constexpr int kTries = 10;

class RandomResizedCrop : public Transform {
 public:
  explicit RandomResizedCrop(const RandomResizedCropConfig& config) : config_(config) {}

  bool sets_size() const override { return true; }

  void Plan(const DatasetInfo& info, RandomStream& random, ImagePlan* plan) const override {
    plan->Resize(Draw(plan->height(), plan->width(), random), info.image.height, info.image.width);
  }

 private:
  PixelRegion Draw(int64_t height, int64_t width, RandomStream& random) const {
    const double area = static_cast<double>(height) * static_cast<double>(width);
    const double low = std::log(config_.min_aspect()), high = std::log(config_.max_aspect());
    PixelRegion region;
    for (int i = 0; i < kTries; ++i) {
      const double part = area * random.Uniform(config_.min_area(), config_.max_area());
      const double aspect = std::exp(random.Uniform(low, high));
      region.width = std::max<int64_t>(1, std::llround(std::sqrt(part * aspect)));
      region.height = std::max<int64_t>(1, std::llround(std::sqrt(part / aspect)));
      if (region.width > width || region.height > height) continue;
      region.top = random.Below(height - region.height + 1);
      region.left = random.Below(width - region.width + 1);
      return region;
    }
    // The largest rectangle in the middle with allowed proportions.
    const double aspect = std::clamp(static_cast<double>(width) / static_cast<double>(height),
                                     config_.min_aspect(), config_.max_aspect());
    region.width =
        std::clamp<int64_t>(std::llround(static_cast<double>(height) * aspect), 1, width);
    region.height =
        std::clamp<int64_t>(std::llround(static_cast<double>(width) / aspect), 1, height);
    region.top = (height - region.height) / 2;
    region.left = (width - region.width) / 2;
    return region;
  }

  const RandomResizedCropConfig config_;
};

absl::Status CheckOrder(absl::string_view low_name, double low, absl::string_view high_name,
                        double high) {
  if (low <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(low_name, ": ", low, " is more than ", high_name, ": ", high));
}

const bool registered = Registry<Transform>::Register<RandomResizedCropConfig>(
    "random_resized_crop", "a random rectangle of the image, resized",
    [](const RandomResizedCropConfig& config) -> absl::StatusOr<std::unique_ptr<Transform>> {
      PDARTS_RETURN_IF_ERROR(
          CheckOrder("min_area", config.min_area(), "max_area", config.max_area()));
      PDARTS_RETURN_IF_ERROR(
          CheckOrder("min_aspect", config.min_aspect(), "max_aspect", config.max_aspect()));
      return std::make_unique<RandomResizedCrop>(config);
    });

}  // namespace
}  // namespace pdarts
