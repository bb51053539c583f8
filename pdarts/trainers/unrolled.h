#ifndef PDARTS_TRAINERS_UNROLLED_H_
#define PDARTS_TRAINERS_UNROLLED_H_

#include <functional>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/trainers/optimizers.h"
#include "pdarts/trainers/super_net_gradients.h"

namespace pdarts {

/// Two losses as functions of weights and alphas. A call uses the current values of the weights.
struct BilevelLosses {
  /// Gradients of the loss with which the weights are trained. Every call must be the same function
  /// of weights and alphas: the same batch and the same masks.
  std::function<GradientResult(GradientOf of)> of_weights;
  /// Gradients with respect to weights and alphas of the loss with which the alphas are trained.
  std::function<GradientResult()> of_alphas;
};

/// The gradient of the alphas' loss at the weights after a virtual step (docs/algorithm.md,
/// "Unrolled gradients of the alphas"):
///   w' = w - rate * direction(g),  g = d of_weights / d w,
///   d of_alphas(w', a) / d a - rate' * (d^2 of_weights / da dw) v,  v = d of_alphas / d w',
/// The product with second derivatives is a central difference of the gradients of the alphas at
/// w + e v and w - e v, with e = difference_norm / |v| (Liu et al., DARTS, ICLR 2019, equations 6
/// to 8). The virtual step is that of the optimizer with its momentum and weight decay. As in the
/// paper, its gradient is not clipped. rate' is Sgd::Reach.
///
/// Returns the loss and the logits of the alphas' pass at w', and the gradients of the alphas, but
/// no gradients of weights. `sgd` moves the weights. After the call, the weights and the optimizer
/// are the same as before, bit for bit. The call computes three more passes than
/// GradientOf::kAlphas.
GradientResult UnrolledAlphaGradients(const std::vector<at::Tensor>& weights, const Sgd& sgd,
                                      double learning_rate, double difference_norm,
                                      const BilevelLosses& losses);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_UNROLLED_H_
