#ifndef PDARTS_SPACES_DARTS_DERIVATION_H_
#define PDARTS_SPACES_DARTS_DERIVATION_H_

#include "absl/status/statusor.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/topology.h"

namespace pdarts::darts {

struct DerivationRules {
  bool allow_none = false;       ///< whether `none` may be chosen
  bool best_edge_first = false;  ///< order the edges of a node by decreasing score, not by number
};

/// Derives the genotype from the probabilities of the last stage, with the limits of `options`
/// (docs/algorithm.md, "Derivation" and "Skip limit"). If an edge has no other candidate than
/// `none`, a limit leaves the operation on the edge, even if `none` may be chosen.
/// SearchSpace::Derive has checked the arguments. The caller sets Architecture::space. The function
/// ends for all probabilities, because each step of a limit removes a candidate permanently, or
/// marks an edge that has no other candidate.
/// \error kInvalidArgument naming an edge whose only candidate is `none`, unless that is allowed.
absl::StatusOr<Derivation> DeriveGenotype(const Candidates& candidates,
                                          const EdgeProbabilities& probabilities,
                                          const DerivationOptions& options,
                                          const DerivationRules& rules);

}  // namespace pdarts::darts

#endif  // PDARTS_SPACES_DARTS_DERIVATION_H_
