#ifndef PDARTS_NN_KERNELS_ACTIVATION_STORAGE_H_
#define PDARTS_NN_KERNELS_ACTIVATION_STORAGE_H_

#include "ATen/core/Tensor.h"

namespace pdarts::nn {

/// How activations go between memory and arithmetic. Activations that are stored as bfloat16 are
/// computed with in float32; what is stored is rounded to the nearest bfloat16 (ties to even), and
/// so is the gradient of what is stored. All other types are stored as they are computed with: then
/// every method returns its argument.
class ActivationStorage {
 public:
  /// activation: any tensor of the type in which the activations are stored.
  explicit ActivationStorage(const at::Tensor& activation)
      : rounds_(activation.scalar_type() == at::kBFloat16) {}

  /// Whether the stored values are narrower than those that are computed with.
  bool rounds() const { return rounds_; }
  /// An activation's options but for the type, which is the one that is computed with: those of
  /// coefficients.
  static at::TensorOptions ComputedOptions(const at::Tensor& activation) {
    const at::TensorOptions options = activation.options().requires_grad(false);
    return ActivationStorage(activation).rounds() ? options.dtype(at::kFloat) : options;
  }

  /// A stored activation in the type that is computed with. Its gradient is rounded once, after the
  /// sum over all its uses.
  at::Tensor Widen(const at::Tensor& stored) const;
  /// A result in the type that activations are stored in.
  at::Tensor Narrow(const at::Tensor& result) const;
  /// Widen(Narrow(result)): the value and the gradient are those of a stored activation, the type
  /// is the one that is computed with.
  at::Tensor Keep(const at::Tensor& result) const { return Widen(Narrow(result)); }

  /// The rounded value, with the gradient unchanged: for an operand of a product whose other uses
  /// need the exact value, such as a weight.
  at::Tensor Rounded(const at::Tensor& exact) const;
  /// The value unchanged, with its gradient rounded.
  at::Tensor WithRoundedGradient(const at::Tensor& result) const;

 private:
  bool rounds_;
};

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_ACTIVATION_STORAGE_H_
