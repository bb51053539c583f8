#ifndef PDARTS_REGULARIZERS_PROBABILITY_PENALTY_PROBABILITY_PENALTY_H_
#define PDARTS_REGULARIZERS_PROBABILITY_PENALTY_PROBABILITY_PENALTY_H_

#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/regularizers/probability_penalty/probability_penalty.pb.h"

namespace pdarts::regularizers {

/// The entropy (with the natural logarithm) or the sum of squares of the probabilities of each
/// edge, averaged over the edges of all cell kinds. The result is a differentiable scalar with the
/// dtype of the alphas. `alphas` are `[E,K]`, one matrix for each cell kind. If each edge has only
/// one candidate, the probabilities are those of the edges (SoftmaxDimension).
at::Tensor MeanProbabilityPenalty(const std::vector<at::Tensor>& alphas,
                                  ProbabilityPenaltyConfig::Kind kind);

}  // namespace pdarts::regularizers

#endif  // PDARTS_REGULARIZERS_PROBABILITY_PENALTY_PROBABILITY_PENALTY_H_
