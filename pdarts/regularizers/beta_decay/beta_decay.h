#ifndef PDARTS_REGULARIZERS_BETA_DECAY_BETA_DECAY_H_
#define PDARTS_REGULARIZERS_BETA_DECAY_BETA_DECAY_H_

#include <vector>

#include "ATen/core/Tensor.h"

namespace pdarts::regularizers {

/// The beta-decay loss of alphas `[E,K]`, one matrix for each cell kind (L_Beta of Ye et al., CVPR
/// 2022): log(sum over k of exp(alpha[k])) for each edge, averaged over the edges of all cell
/// kinds. The result is a differentiable scalar with the dtype of the alphas. The gradient of an
/// alpha is its probability divided by the number of edges. If each edge has only one candidate,
/// the softmax is over the edges (SoftmaxDimension), and so is the sum.
at::Tensor BetaDecayLoss(const std::vector<at::Tensor>& alphas);

}  // namespace pdarts::regularizers

#endif  // PDARTS_REGULARIZERS_BETA_DECAY_BETA_DECAY_H_
