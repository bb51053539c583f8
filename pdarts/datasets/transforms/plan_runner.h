#ifndef PDARTS_DATASETS_TRANSFORMS_PLAN_RUNNER_H_
#define PDARTS_DATASETS_TRANSFORMS_PLAN_RUNNER_H_

#include <cstdint>
#include <memory>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "c10/core/ScalarType.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/transform.h"

namespace pdarts {

/// Carries out plans whose images end normalized, as Transforms makes them. Steps that only move,
/// erase and normalize pixels are done in one pass over the image. For one thread.
class PlanRunner {
 public:
  virtual ~PlanRunner() = default;

  /// dtype: of the results, float32 or float64.
  static std::unique_ptr<PlanRunner> Make(const ImageShape& image, at::ScalarType dtype);

  /// What a plan makes of an image in memory.
  /// \param pixels `[C,H,W]` of the size that the plan began with.
  /// \param out `[C,H,W]` of the runner's image and dtype.
  /// \error kInternal if a step gives another size or dtype than it has to.
  virtual absl::Status Run(const ImagePlan& plan, int64_t height, int64_t width,
                           const uint8_t* pixels, void* out) = 0;
  /// The same of an image that is decoded as far as the plan needs it.
  /// \error of Sample::Decode; kInternal also if the decoder breaks its contract.
  virtual absl::Status Run(const ImagePlan& plan, const Sample& sample, void* out) = 0;

 protected:
  PlanRunner() = default;
  PlanRunner(const PlanRunner&) = delete;
  PlanRunner& operator=(const PlanRunner&) = delete;
};

}  // namespace pdarts

#endif  // PDARTS_DATASETS_TRANSFORMS_PLAN_RUNNER_H_
