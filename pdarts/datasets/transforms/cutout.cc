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

class Cutout : public Transform {
 public:
  explicit Cutout(int64_t side) : side_(side) {}

  std::vector<TransformNote> Notes(const DatasetInfo& info) const override {
    if (side_ < std::min(info.image.height, info.image.width)) return {};
    return {{"side", absl::StrCat(side_, " is as large as the images of ", info.image.height, "x",
                                  info.image.width,
                                  " pixels, so that most of a training image is set to zero, and "
                                  "some images are as a whole")}};
  }

  void Plan(const DatasetInfo&, RandomStream& random, ImagePlan* plan) const override {
    const int64_t y = random.Below(plan->height()), x = random.Below(plan->width());
    plan->Erase({x - side_ / 2, y - side_ / 2, side_, side_});
  }

 private:
  const int64_t side_;
};

const bool registered = Registry<Transform>::Register<transforms::CutoutConfig>(
    "cutout", "sets a random square to zero",
    [](const transforms::CutoutConfig& config) -> absl::StatusOr<std::unique_ptr<Transform>> {
      return std::make_unique<Cutout>(config.side());
    });

}  // namespace
}  // namespace pdarts
