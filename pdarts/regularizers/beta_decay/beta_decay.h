#ifndef PDARTS_REGULARIZERS_BETA_DECAY_BETA_DECAY_H_
#define PDARTS_REGULARIZERS_BETA_DECAY_BETA_DECAY_H_

#include <vector>

#include "ATen/core/Tensor.h"

namespace pdarts::regularizers {

/// The beta-decay loss of alphas `[E,K]`, one matrix a cell kind: log(sum over k of exp(alpha[k]))
/// of each edge, averaged over the edges of all kinds; a scalar of their dtype, differentiable
/// (L_Beta of Ye et al., CVPR 2022). Its gradient of an alpha is the alpha's probability over the
/// number of edges. Where one candidate is left an edge, the softmax runs over the edges
/// (SoftmaxDimension), and so does the sum.
at::Tensor BetaDecayLoss(const std::vector<at::Tensor>& alphas);

}  // namespace pdarts::regularizers

#endif  // PDARTS_REGULARIZERS_BETA_DECAY_BETA_DECAY_H_
