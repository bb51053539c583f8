#ifndef PDARTS_TRAINERS_UNROLLED_H_
#define PDARTS_TRAINERS_UNROLLED_H_

#include <functional>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/trainers/optimizers.h"
#include "pdarts/trainers/super_net_gradients.h"

namespace pdarts {

/// Two losses of weights and alphas, each as it is where the weights are when it is asked.
struct BilevelLosses {
  /// Gradients of the loss that the weights are trained with. Every call must be the same function
  /// of weights and alphas: one batch, one choice of what is dropped.
  std::function<GradientResult(GradientOf of)> of_weights;
  /// Gradients, of both, of the loss that the alphas are trained with.
  std::function<GradientResult()> of_alphas;
};

/// The gradient of the alphas' loss at the weights after one step, which isn't taken
/// (docs/algorithm.md, "Unrolled gradients of the alphas"):
///   w' = w - rate * direction(g),  g = d of_weights / d w,
///   d of_alphas(w', a) / d a - rate' * (d^2 of_weights / da dw) v,  v = d of_alphas / d w',
/// where the product with second derivatives is a central difference of the alphas' gradients at
/// w + e v and w - e v, with e = difference_norm / |v| (Liu et al., DARTS, ICLR 2019, equations 6
/// to 8). The step is that of the optimiser with its momentum and weight decay, but as there its
/// gradient isn't clipped; rate' is Sgd::Reach.
///
/// Returns the loss and logits of the alphas' pass, at w', and the alphas' gradients; no gradients
/// of weights. The weights, which `sgd` moves, and the optimiser are afterwards what they were, bit
/// for bit. Takes three more passes than GradientOf::kAlphas alone.
GradientResult UnrolledAlphaGradients(const std::vector<at::Tensor>& weights, const Sgd& sgd,
                                      double learning_rate, double difference_norm,
                                      const BilevelLosses& losses);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_UNROLLED_H_
