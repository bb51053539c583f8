#include "pdarts/trainers/unrolled.h"

#include "ATen/ops/_foreach_add.h"
#include "ATen/ops/_foreach_copy.h"
#include "c10/core/GradMode.h"

namespace pdarts {
namespace {

/// Saved values of tensors, which are restored.
class Saved {
 public:
  explicit Saved(const std::vector<at::Tensor>& tensors) : tensors_(tensors) {
    for (const at::Tensor& tensor : tensors) values_.push_back(tensor.detach().clone());
  }
  void PutBack() const {
    c10::NoGradGuard no_grad;
    at::_foreach_copy_(tensors_, values_);
  }

 private:
  const std::vector<at::Tensor> tensors_;
  std::vector<at::Tensor> values_;
};

void Add(const std::vector<at::Tensor>& to, const std::vector<at::Tensor>& what, double times) {
  c10::NoGradGuard no_grad;
  at::_foreach_add_(to, what, times);
}

}  // namespace

GradientResult UnrolledAlphaGradients(const std::vector<at::Tensor>& weights, const Sgd& sgd,
                                      double learning_rate, double difference_norm,
                                      const BilevelLosses& losses) {
  const Saved before(weights);
  sgd.TryStep(losses.of_weights(GradientOf::kWeights).weights, learning_rate);
  GradientResult result = losses.of_alphas();
  before.PutBack();
  const std::vector<at::Tensor> direction = std::move(result.weights);
  result.weights.clear();

  const double norm = ClipNorm(direction, /*max_norm=*/0).item<double>();
  // If the loss does not depend on the weights, or is not a number, there is nothing to add.
  if (!(norm > 0)) return result;
  const double e = difference_norm / norm;
  Add(weights, direction, e);
  const std::vector<at::Tensor> ahead = losses.of_weights(GradientOf::kAlphas).alphas;
  before.PutBack();
  Add(weights, direction, -e);
  const std::vector<at::Tensor> behind = losses.of_weights(GradientOf::kAlphas).alphas;
  before.PutBack();

  const double factor = sgd.Reach(learning_rate) / (2 * e);
  Add(result.alphas, ahead, -factor);
  Add(result.alphas, behind, factor);
  return result;
}

}  // namespace pdarts
