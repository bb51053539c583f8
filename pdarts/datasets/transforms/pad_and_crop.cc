#include <algorithm>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/transform.h"
#include "pdarts/datasets/transforms/transforms.pb.h"

namespace pdarts {
namespace {

class PadAndCrop : public Transform {
 public:
  explicit PadAndCrop(int64_t padding) : padding_(padding) {}

  std::vector<TransformNote> Notes(const DatasetInfo& info) const override {
    if (padding_ < std::min(info.image.height, info.image.width)) return {};
    return {{"padding", absl::StrCat(padding_, " is as large as the images of ", info.image.height,
                                     "x", info.image.width,
                                     " pixels, so that some crops hold nothing of their image")}};
  }

  void Plan(const DatasetInfo&, RandomStream& random, ImagePlan* plan) const override {
    const int64_t places = 2 * padding_ + 1;
    PixelRegion window = {0, 0, plan->width(), plan->height()};
    window.top = random.Below(places) - padding_;
    window.left = random.Below(places) - padding_;
    plan->Window(window);
  }

 private:
  const int64_t padding_;
};

const bool registered = Registry<Transform>::Register<transforms::PadAndCropConfig>(
    "pad_and_crop", "moves the image by a random number of pixels, over a black border",
    [](const transforms::PadAndCropConfig& config) -> absl::StatusOr<std::unique_ptr<Transform>> {
      return std::make_unique<PadAndCrop>(config.padding());
    });

}  // namespace
}  // namespace pdarts
