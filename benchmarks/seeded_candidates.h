#ifndef PDARTS_BENCHMARKS_SEEDED_CANDIDATES_H_
#define PDARTS_BENCHMARKS_SEEDED_CANDIDATES_H_

#include <string>

#include "pdarts/core/search_space.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// Candidates with which a stage could begin: `per_edge` candidates of each edge, or all candidates
/// of the edge if there are fewer. The choice is random and the same each time. An edge keeps at
/// least one candidate.
Candidates SeededCandidates(const SearchSpace& space, int per_edge);

/// The candidates as the field `edges` of the DARTS space's settings, in the text form of a spec.
std::string EdgesText(const Topology& topology, const Candidates& candidates);

}  // namespace pdarts

#endif  // PDARTS_BENCHMARKS_SEEDED_CANDIDATES_H_
