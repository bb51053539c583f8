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

/// Runs plans whose result is a normalized image, as Transforms makes them. Steps that only move,
/// erase and normalize pixels are combined into one pass over the image. A runner is for one
/// thread.
class PlanRunner {
 public:
  virtual ~PlanRunner() = default;

  /// `dtype` is the type of the results, float32 or float64.
  static std::unique_ptr<PlanRunner> Make(const ImageShape& image, at::ScalarType dtype);

  /// Runs a plan on an image in memory.
  /// \param pixels `[C,H,W]` with the size with which the plan began.
  /// \param out `[C,H,W]` with the runner's image shape and dtype.
  /// \error kInternal if a step gives a wrong size or dtype.
  virtual absl::Status Run(const ImagePlan& plan, int64_t height, int64_t width,
                           const uint8_t* pixels, void* out) = 0;
  /// Runs a plan on an image that is decoded only as far as the plan needs.
  /// \error of Sample::Decode; kInternal also if the decoder breaks its contract.
  virtual absl::Status Run(const ImagePlan& plan, const Sample& sample, void* out) = 0;

 protected:
  PlanRunner() = default;
  PlanRunner(const PlanRunner&) = delete;
  PlanRunner& operator=(const PlanRunner&) = delete;
};

}  // namespace pdarts

#endif  // PDARTS_DATASETS_TRANSFORMS_PLAN_RUNNER_H_
