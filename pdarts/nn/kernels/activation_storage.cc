#include "pdarts/nn/kernels/activation_storage.h"

#include "torch/csrc/autograd/custom_function.h"

namespace pdarts::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor Round(const at::Tensor& x) { return x.to(at::kBFloat16).to(x.scalar_type()); }

class RoundValue : public torch::autograd::Function<RoundValue> {
 public:
  static at::Tensor forward(AutogradContext*, const at::Tensor& x) { return Round(x); }
  static variable_list backward(AutogradContext*, const variable_list& gradients) {
    return gradients;
  }
};

class RoundGradient : public torch::autograd::Function<RoundGradient> {
 public:
  static at::Tensor forward(AutogradContext*, const at::Tensor& x) { return x; }
  static variable_list backward(AutogradContext*, const variable_list& gradients) {
    return {Round(gradients[0])};
  }
};

}  // namespace

at::Tensor ActivationStorage::Widen(const at::Tensor& stored) const {
  return rounds_ ? stored.to(at::kFloat) : stored;
}

at::Tensor ActivationStorage::Narrow(const at::Tensor& result) const {
  return is_narrow() ? result.to(stored_) : result;
}

at::Tensor ActivationStorage::ForSum(const at::Tensor& value) const {
  return is_narrow() && value.scalar_type() == stored_ ? value.to(at::kFloat) : value;
}

at::Tensor ActivationStorage::Rounded(const at::Tensor& exact) const {
  if (computes_narrow()) return exact.to(stored_);
  return rounds_ ? RoundValue::apply(exact) : exact;
}

at::Tensor ActivationStorage::Operand(const at::Tensor& exact) const {
  return computes_narrow() && exact.defined() ? exact.to(stored_) : exact;
}

at::Tensor ActivationStorage::WithRoundedGradient(const at::Tensor& result) const {
  return rounds_ ? RoundGradient::apply(result) : result;
}

}  // namespace pdarts::nn
