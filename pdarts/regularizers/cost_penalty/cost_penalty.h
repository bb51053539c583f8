#ifndef PDARTS_REGULARIZERS_COST_PENALTY_COST_PENALTY_H_
#define PDARTS_REGULARIZERS_COST_PENALTY_COST_PENALTY_H_

#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/topology.h"
#include "pdarts/nn/cost_model.h"

namespace pdarts::regularizers {

/// The expected cost of an architecture whose edges are given and whose operations are drawn by the
/// probabilities, of those that may be derived; a differentiable scalar. probabilities: `[E,K]`,
/// one matrix a cell kind, of the candidates. Edges that the architecture lacks don't count.
at::Tensor ExpectedCost(const nn::CostModel& model, const SearchSpace& space,
                        const Candidates& candidates, const Architecture& architecture,
                        const std::vector<at::Tensor>& probabilities);

}  // namespace pdarts::regularizers

#endif  // PDARTS_REGULARIZERS_COST_PENALTY_COST_PENALTY_H_
