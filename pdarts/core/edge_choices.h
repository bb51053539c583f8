#ifndef PDARTS_CORE_EDGE_CHOICES_H_
#define PDARTS_CORE_EDGE_CHOICES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// The derivation of a cell kind in which every edge holds one operation (docs/algorithm.md,
/// "Derivation" and "Skip limit"): the most probable candidate, and among equal ones the first.
/// `none` is chosen only if `allow_none`. Then KeepLimits changes the choice until it keeps the
/// limits of `options`. `trace` records every decision. candidates, probabilities: of this kind,
/// `[edge][candidate]`. \return `[edge]`: the index of its operation in `kind.operations`.
/// \error kInvalidArgument if an edge has only `none`, and `none` may not be chosen.
absl::StatusOr<std::vector<int>> ChooseOnEveryEdge(
    const CellKind& kind, const CellCandidates& candidates,
    const std::vector<std::vector<double>>& probabilities, const DerivationOptions& options,
    bool allow_none, DerivationTrace* trace);

}  // namespace pdarts

#endif  // PDARTS_CORE_EDGE_CHOICES_H_
