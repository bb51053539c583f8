#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/transform.h"
#include "pdarts/datasets/transforms/transforms.pb.h"

namespace pdarts {
namespace {

class Normalize : public Transform {
 public:
  explicit Normalize(const transforms::NormalizeConfig& config)
      : mean_(config.mean().begin(), config.mean().end()),
        deviation_(config.deviation().begin(), config.deviation().end()) {}

  bool normalizes() const override { return true; }

  void Plan(const DatasetInfo& info, RandomStream&, ImagePlan* plan) const override {
    const auto channels = static_cast<size_t>(info.image.channels);
    for (const auto& [name, values] :
         {std::pair("mean", &mean_), std::pair("deviation", &deviation_)}) {
      if (values->empty() || values->size() == channels) continue;
      return plan->Refuse(absl::StrCat("has ", values->size(), " elements of ", name,
                                       ", expected one for each channel: ", channels));
    }
    plan->Normalize(mean_.empty() ? info.mean : mean_,
                    deviation_.empty() ? info.deviation : deviation_);
  }

 private:
  const std::vector<double> mean_;       ///< empty: the mean of the dataset
  const std::vector<double> deviation_;  ///< likewise
};

const bool registered = Registry<Transform>::Register<transforms::NormalizeConfig>(
    "normalize", "converts 8-bit values to numbers with mean 0 and standard deviation 1",
    [](const transforms::NormalizeConfig& config) -> absl::StatusOr<std::unique_ptr<Transform>> {
      return std::make_unique<Normalize>(config);
    });

}  // namespace
}  // namespace pdarts
