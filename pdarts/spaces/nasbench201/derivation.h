#ifndef PDARTS_SPACES_NASBENCH201_DERIVATION_H_
#define PDARTS_SPACES_NASBENCH201_DERIVATION_H_

#include "absl/status/statusor.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/topology.h"

namespace pdarts::nasbench201 {

/// Derives the most probable operation of each edge (docs/algorithm.md, "Derivation"), with the
/// limits of `options`. Among equal operations, the first is chosen. As long as an operation is on
/// too many edges, the edge on which it is least probable (among equal edges, the first) loses the
/// operation permanently and gets its next best operation. An edge that has no other candidate than
/// `none` keeps the operation. SearchSpace::Derive has checked the arguments. The caller sets
/// Architecture::space.
/// \error kInvalidArgument naming an edge whose only candidate is `none`, unless `allow_none`.
absl::StatusOr<Derivation> DeriveCell(const Candidates& candidates,
                                      const EdgeProbabilities& probabilities,
                                      const DerivationOptions& options, bool allow_none);

}  // namespace pdarts::nasbench201

#endif  // PDARTS_SPACES_NASBENCH201_DERIVATION_H_
