#ifndef PDARTS_SPACES_NASBENCH201_DERIVATION_H_
#define PDARTS_SPACES_NASBENCH201_DERIVATION_H_

#include "absl/status/statusor.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/topology.h"

namespace pdarts::nasbench201 {

/// Each edge's most probable operation, of equals the first (docs/algorithm.md, "Derivation"),
/// under the limits of `options`: while an operation stands on too many edges, the one where it is
/// least probable (of equals the first) loses it for good and takes its next best, unless it has no
/// other candidate than `none`. Arguments are as SearchSpace::Derive has checked them;
/// Architecture::space is left to the caller.
/// \error kInvalidArgument naming an edge whose only candidate is `none`, unless `allow_none`.
absl::StatusOr<Derivation> DeriveCell(const Candidates& candidates,
                                      const EdgeProbabilities& probabilities,
                                      const DerivationOptions& options, bool allow_none);

}  // namespace pdarts::nasbench201

#endif  // PDARTS_SPACES_NASBENCH201_DERIVATION_H_
