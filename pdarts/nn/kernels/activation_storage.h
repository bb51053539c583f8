#ifndef PDARTS_NN_KERNELS_ACTIVATION_STORAGE_H_
#define PDARTS_NN_KERNELS_ACTIVATION_STORAGE_H_

#include "ATen/core/Tensor.h"

namespace pdarts::nn {

/// How activations are converted between memory and arithmetic. There are three cases:
/// - float32 and float64: the stored type is the type of the computation, and every method returns
///   its argument.
/// - bfloat16 on the CPU: the computation uses float32. Stored values are rounded to the nearest
///   bfloat16 (ties to even), and so are the gradients of stored values.
/// - bfloat16 on another device, and float16: the computation uses the stored type
///   (computes_narrow()). Products multiply 16-bit operands, and copies of weights are rounded for
///   them. Sums of nodes, coefficients and statistics are float32.
class ActivationStorage {
 public:
  /// activation: any tensor with the storage type of the activations, on their device.
  explicit ActivationStorage(const at::Tensor& activation)
      : stored_(activation.scalar_type()),
        rounds_(stored_ == at::kBFloat16 && activation.device().is_cpu()) {}

  /// Whether the stored type is narrower than the type of the computation.
  bool rounds() const { return rounds_; }
  /// Whether operators compute with 16-bit values.
  bool computes_narrow() const { return is_narrow() && !rounds_; }
  /// The options of an activation, except for the type, which is the type of sums. Coefficients
  /// have these options.
  static at::TensorOptions ComputedOptions(const at::Tensor& activation) {
    const at::TensorOptions options = activation.options().requires_grad(false);
    return ActivationStorage(activation).is_narrow() ? options.dtype(at::kFloat) : options;
  }

  /// A stored activation in the type of the computation. Its gradient is rounded once, after the
  /// sum over all its uses.
  at::Tensor Widen(const at::Tensor& stored) const;
  /// A result in the storage type of activations.
  at::Tensor Narrow(const at::Tensor& result) const;
  /// Widen(Narrow(result)): the value and the gradient of a stored activation, in the type of the
  /// computation.
  at::Tensor Keep(const at::Tensor& result) const { return Widen(Narrow(result)); }
  /// A value in the type of parameters and of sums: float32 if activations have 16 bits.
  at::Tensor ForSum(const at::Tensor& value) const;

  /// The rounded operand of a product. Its gradient is the gradient of the rounded value. For an
  /// operand whose other uses need the exact value, such as a weight.
  at::Tensor Rounded(const at::Tensor& exact) const;
  /// The operand of a product in the type of the computation, such as the weight of a depthwise
  /// convolution. It may be undefined.
  at::Tensor Operand(const at::Tensor& exact) const;
  /// The same value, whose gradient is rounded.
  at::Tensor WithRoundedGradient(const at::Tensor& result) const;

 private:
  bool is_narrow() const { return stored_ == at::kBFloat16 || stored_ == at::kHalf; }

  at::ScalarType stored_;
  bool rounds_;
};

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_ACTIVATION_STORAGE_H_
