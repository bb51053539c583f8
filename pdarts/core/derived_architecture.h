#ifndef PDARTS_CORE_DERIVED_ARCHITECTURE_H_
#define PDARTS_CORE_DERIVED_ARCHITECTURE_H_

#include "absl/status/status.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/topology.h"

namespace pdarts {

// Checks of what a file says that a search found, as strict as those of what a user types.

/// \error kInvalidArgument unless the architecture is one of the space and the text is that
/// architecture's.
absl::Status CheckFound(const SearchSpace& space, const DerivedArchitecture& found);

/// \error kInvalidArgument naming the entry of the trace that doesn't fit: a cell kind, an edge, a
/// node or an operation that the topology doesn't have, an edge that is named twice, a value that
/// is no probability, a stage after which a search of `stages` stages prunes nothing.
absl::Status CheckTrace(const Topology& topology, int stages, const DerivationTrace& trace);

/// What the last stage of a search left on each edge, and how probable each was, from a trace that
/// passed CheckTrace. An edge that the trace does not name has no candidates.
struct LastStage {
  Candidates candidates;
  EdgeProbabilities probabilities;
};
LastStage LastStageOf(const Topology& topology, const DerivationTrace& trace);

}  // namespace pdarts

#endif  // PDARTS_CORE_DERIVED_ARCHITECTURE_H_
