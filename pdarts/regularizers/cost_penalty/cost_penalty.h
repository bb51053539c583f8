#ifndef PDARTS_REGULARIZERS_COST_PENALTY_COST_PENALTY_H_
#define PDARTS_REGULARIZERS_COST_PENALTY_COST_PENALTY_H_

#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/topology.h"
#include "pdarts/nn/cost_model.h"

namespace pdarts::regularizers {

/// The expected cost of an architecture with given edges whose operations are drawn with the
/// probabilities, among the operations that may be derived. The result is a differentiable scalar.
/// `probabilities` are `[E,K]` over the candidates, one matrix for each cell kind. Edges that are
/// not in the architecture do not count.
at::Tensor ExpectedCost(const nn::CostModel& model, const SearchSpace& space,
                        const Candidates& candidates, const Architecture& architecture,
                        const std::vector<at::Tensor>& probabilities);

}  // namespace pdarts::regularizers

#endif  // PDARTS_REGULARIZERS_COST_PENALTY_COST_PENALTY_H_
