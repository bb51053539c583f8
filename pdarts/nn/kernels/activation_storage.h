#ifndef PDARTS_NN_KERNELS_ACTIVATION_STORAGE_H_
#define PDARTS_NN_KERNELS_ACTIVATION_STORAGE_H_

#include "ATen/core/Tensor.h"

namespace pdarts::nn {

/// How activations go between memory and arithmetic. There are three cases:
/// - float32 and float64 are stored as they are computed with: then every method returns its
///   argument.
/// - bfloat16 on the CPU is computed with in float32. What is stored is rounded to the nearest
///   bfloat16 (ties to even), and so is the gradient of what is stored.
/// - bfloat16 on another device, and float16, are computed with as they are stored
/// (computes_narrow()).
///   Products multiply 16-bit operands, and copies of weights are rounded for them. Sums of nodes,
///   coefficients and statistics are float32.
class ActivationStorage {
 public:
  /// activation: any tensor of the type in which the activations are stored, on their device.
  explicit ActivationStorage(const at::Tensor& activation)
      : stored_(activation.scalar_type()),
        rounds_(stored_ == at::kBFloat16 && activation.device().is_cpu()) {}

  /// Whether the stored values are narrower than those that are computed with.
  bool rounds() const { return rounds_; }
  /// Whether operators get and give 16-bit values.
  bool computes_narrow() const { return is_narrow() && !rounds_; }
  /// An activation's options but for the type, which is the one of sums: those of coefficients.
  static at::TensorOptions ComputedOptions(const at::Tensor& activation) {
    const at::TensorOptions options = activation.options().requires_grad(false);
    return ActivationStorage(activation).is_narrow() ? options.dtype(at::kFloat) : options;
  }

  /// A stored activation in the type that is computed with. Its gradient is rounded once, after the
  /// sum over all its uses.
  at::Tensor Widen(const at::Tensor& stored) const;
  /// A result in the type that activations are stored in.
  at::Tensor Narrow(const at::Tensor& result) const;
  /// Widen(Narrow(result)): the value and the gradient are those of a stored activation, the type
  /// is the one that is computed with.
  at::Tensor Keep(const at::Tensor& result) const { return Widen(Narrow(result)); }
  /// A value in the type of parameters and of sums: float32 where activations have 16 bits.
  at::Tensor ForSum(const at::Tensor& value) const;

  /// The operand of a product whose operands are rounded. Its gradient is that of the rounded
  /// value, for an operand whose other uses need the exact value, such as a weight.
  at::Tensor Rounded(const at::Tensor& exact) const;
  /// The operand of a product that has the type of the values that are computed with, such as the
  /// weight of a depthwise convolution. May be undefined.
  at::Tensor Operand(const at::Tensor& exact) const;
  /// The value unchanged, with its gradient rounded.
  at::Tensor WithRoundedGradient(const at::Tensor& result) const;

 private:
  bool is_narrow() const { return stored_ == at::kBFloat16 || stored_ == at::kHalf; }

  at::ScalarType stored_;
  bool rounds_;
};

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_ACTIVATION_STORAGE_H_
