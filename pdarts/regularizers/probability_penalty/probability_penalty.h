#ifndef PDARTS_REGULARIZERS_PROBABILITY_PENALTY_PROBABILITY_PENALTY_H_
#define PDARTS_REGULARIZERS_PROBABILITY_PENALTY_PROBABILITY_PENALTY_H_

#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/regularizers/probability_penalty/probability_penalty.pb.h"

namespace pdarts::regularizers {

/// The entropy (natural logarithm) or the sum of squares of each edge's probabilities, averaged
/// over the edges of all kinds; a scalar of the alphas' dtype, differentiable. alphas: `[E,K]`, one
/// matrix a cell kind. Where one candidate is left an edge, the probabilities are those of the
/// edges (SoftmaxDimension).
at::Tensor MeanProbabilityPenalty(const std::vector<at::Tensor>& alphas,
                                  ProbabilityPenaltyConfig::Kind kind);

}  // namespace pdarts::regularizers

#endif  // PDARTS_REGULARIZERS_PROBABILITY_PENALTY_PROBABILITY_PENALTY_H_
