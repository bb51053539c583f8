#include <memory>

#include "absl/status/statusor.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/transform.h"
#include "pdarts/datasets/transforms/transforms.pb.h"

namespace pdarts {
namespace {

class Flip : public Transform {
 public:
  explicit Flip(double probability) : probability_(probability) {}

  void Plan(const DatasetInfo&, RandomStream& random, ImagePlan* plan) const override {
    if (random.Uniform() < probability_) plan->Flip();
  }

 private:
  const double probability_;
};

const bool registered = Registry<Transform>::Register<transforms::FlipConfig>(
    "flip", "mirrors some images from left to right",
    [](const transforms::FlipConfig& config) -> absl::StatusOr<std::unique_ptr<Transform>> {
      return std::make_unique<Flip>(config.probability());
    });

}  // namespace
}  // namespace pdarts
