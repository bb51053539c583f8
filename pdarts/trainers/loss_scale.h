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
/// step of the optimizer must change nothing then. After kGrowthSteps steps without such a gradient
/// the scale is doubled.
///
/// Each optimizer has a scale of its own. All numbers are tensors on the device of the gradients,
/// and no method but Check waits for the device. The tensors keep their places in memory.
class LossScale {
 public:
  static constexpr double kFirst = 65536;
  static constexpr int64_t kGrowthSteps = 2000;
  /// Gradients that are not finite at a smaller scale are no effect of the scale.
  static constexpr double kSmallest = 1. / 256;

  /// Scales nothing.
  LossScale() = default;
  /// Scales nothing unless the precision is FLOAT16. device: of the parameters.
  LossScale(Precision precision, c10::Device device);

  /// Whether losses are scaled. Otherwise Scale returns its argument, and Unscale does nothing.
  bool scales() const { return scale_.defined(); }

  /// What the gradients are computed of. loss: a float32 scalar with a graph.
  at::Tensor Scale(const at::Tensor& loss) const;

  /// Divides the gradients of a scaled loss by the scale, in place, and moves the scale. Returns
  /// what stops the optimizer (Sgd::Move): a float32 scalar that is 1 if a gradient is not finite
  /// or `stop` is 1, and 0 otherwise; `stop` unless scales(). Where several processes sum their
  /// gradients, call it behind the sum: then all get the same. gradients: float32. stop: a float32
  /// scalar, or undefined.
  at::Tensor Unscale(const std::vector<at::Tensor>& gradients, const at::Tensor& stop = {});

  /// Reads the scale from the device.
  /// \error kInternal if the scale is less than kSmallest; the message is one for
  /// TrainingLoop::NotFinite.
  absl::Status Check() const;

  /// What a checkpoint holds, with steps(): a float32 scalar. Undefined unless scales().
  const at::Tensor& scale() const { return scale_; }
  /// Steps since the scale was moved: an int32 scalar.
  const at::Tensor& steps() const { return steps_; }

 private:
  at::Tensor scale_;
  at::Tensor steps_;
  at::Tensor found_inf_;
};

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_LOSS_SCALE_H_
