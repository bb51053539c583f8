#ifndef PDARTS_TRAINERS_LOSS_SCALE_H_
#define PDARTS_TRAINERS_LOSS_SCALE_H_

#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "c10/core/Device.h"
#include "pdarts/core/experiment.pb.h"

namespace pdarts {

/// The scale by which a loss is multiplied before its gradients are computed in FLOAT16, because
/// small gradients would be 0 in float16. A gradient that is not finite halves the scale, and the
/// step of the optimizer must then change nothing. After kGrowthSteps steps without such a
/// gradient, the scale is doubled.
///
/// Each optimizer has a scale of its own. All numbers are tensors on the device of the gradients.
/// Only Check waits for the device. The tensors keep their addresses.
class LossScale {
 public:
  static constexpr double kFirst = 65536;
  static constexpr int64_t kGrowthSteps = 2000;
  /// If gradients are not finite at a smaller scale, the scale is not the reason.
  static constexpr double kSmallest = 1. / 256;

  /// A scale of 1 that never changes.
  LossScale() = default;
  /// As LossScale(), unless the precision is FLOAT16. device: of the parameters.
  LossScale(Precision precision, c10::Device device);

  /// Whether losses are scaled. If not, Scale returns its argument, and Unscale does nothing.
  bool scales() const { return scale_.defined(); }

  /// The loss whose gradients must be computed. loss: a float32 scalar with a graph.
  at::Tensor Scale(const at::Tensor& loss) const;

  /// Divides the gradients of a scaled loss by the scale, in place, and updates the scale. Returns
  /// the `stop` of the optimizer (Sgd::Move): a float32 scalar that is 1 if a gradient is not
  /// finite or the given `stop` is 1, and 0 otherwise. If not scales(), returns the given `stop`.
  /// If several processes sum their gradients, call it after the sum, so that all processes get the
  /// same result. gradients: float32. stop: a float32 scalar, or undefined.
  at::Tensor Unscale(const std::vector<at::Tensor>& gradients, const at::Tensor& stop = {});

  /// Reads the scale from the device. \error kInternal if the scale is less than kSmallest. The
  /// message is a text for TrainingLoop::NotFinite.
  absl::Status Check() const;

  /// The scale as a float32 scalar, which a checkpoint contains together with steps(). Undefined
  /// unless scales().
  const at::Tensor& scale() const { return scale_; }
  /// Steps since the last change of the scale: an int32 scalar.
  const at::Tensor& steps() const { return steps_; }

 private:
  at::Tensor scale_;
  at::Tensor steps_;
  at::Tensor found_inf_;
};

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_LOSS_SCALE_H_
