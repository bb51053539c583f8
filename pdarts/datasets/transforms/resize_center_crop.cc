#include <memory>

#include "absl/status/statusor.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/transform.h"
#include "pdarts/datasets/transforms/center_crop.h"
#include "pdarts/datasets/transforms/transforms.pb.h"

namespace pdarts {
namespace {

class ResizeCenterCrop : public Transform {
 public:
  explicit ResizeCenterCrop(int64_t short_side) : short_side_(short_side) {}

  bool sets_size() const override { return true; }

  void Plan(const DatasetInfo& info, RandomStream&, ImagePlan* plan) const override {
    PlanCenterCrop(info, short_side_, plan);
  }

 private:
  const int64_t short_side_;
};

const bool registered = Registry<Transform>::Register<transforms::ResizeCenterCropConfig>(
    "resize_center_crop", "resizes an image and takes its middle",
    [](const transforms::ResizeCenterCropConfig& config)
        -> absl::StatusOr<std::unique_ptr<Transform>> {
      return std::make_unique<ResizeCenterCrop>(config.short_side());
    });

}  // namespace
}  // namespace pdarts
