#ifndef PDARTS_SPACES_DARTS_DERIVATION_H_
#define PDARTS_SPACES_DARTS_DERIVATION_H_

#include "absl/status/statusor.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/topology.h"

namespace pdarts::darts {

struct DerivationRules {
  bool allow_none = false;       ///< whether `none` may be chosen
  bool best_edge_first = false;  ///< list a node's edges by falling score, not by number
};

/// The genotype that the probabilities of the last stage stand for, under the limits of `options`
/// (docs/algorithm.md, "Derivation" and "Skip limit"). A limit leaves an operation on an edge that
/// has no other candidate than `none`, also where `none` may be chosen. Arguments are as
/// SearchSpace::Derive has checked them; Architecture::space is left to the caller. Ends for all
/// probabilities: each step of a limit takes a candidate away for good or marks an edge as one that
/// has nothing else.
/// \error kInvalidArgument naming an edge whose only candidate is `none`, unless that is allowed.
absl::StatusOr<Derivation> DeriveGenotype(const Candidates& candidates,
                                          const EdgeProbabilities& probabilities,
                                          const DerivationOptions& options,
                                          const DerivationRules& rules);

}  // namespace pdarts::darts

#endif  // PDARTS_SPACES_DARTS_DERIVATION_H_
