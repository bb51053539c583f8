#ifndef PDARTS_SESSIONS_NAMES_H_
#define PDARTS_SESSIONS_NAMES_H_

#include <string>

#include "pdarts/core/topology.h"

namespace pdarts {

/// The number of candidates of an edge: "8", or "6/5" if cell kinds have different numbers.
std::string CandidateCounts(const Candidates& candidates);

}  // namespace pdarts

#endif  // PDARTS_SESSIONS_NAMES_H_
