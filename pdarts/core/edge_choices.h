#ifndef PDARTS_CORE_EDGE_CHOICES_H_
#define PDARTS_CORE_EDGE_CHOICES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// The derivation of a cell kind in which every edge holds one operation (docs/algorithm.md,
/// "Derivation" and "Skip limit"): the most probable
/// candidate, the first of equals. While a limit of `options` for this kind is exceeded, the edge
/// where the limited operation is least probable takes its best other one; an edge that has no
/// other candidate than `none` keeps the operation. `none` is chosen only if `allow_none`.
/// Everything is recorded in `trace`. candidates, probabilities: of this kind, `[edge][candidate]`.
/// \return `[edge]`: the place of its operation in `kind.operations`.
/// \error kInvalidArgument if an edge has nothing but `none`, and that may not be chosen.
absl::StatusOr<std::vector<int>> ChooseOnEveryEdge(
    const CellKind& kind, const CellCandidates& candidates,
    const std::vector<std::vector<double>>& probabilities, const DerivationOptions& options,
    bool allow_none, DerivationTrace* trace);

}  // namespace pdarts

#endif  // PDARTS_CORE_EDGE_CHOICES_H_
