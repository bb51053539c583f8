#ifndef PDARTS_CLI_NAMES_H_
#define PDARTS_CLI_NAMES_H_

#include <string>

#include "pdarts/core/topology.h"

namespace pdarts {

/// How many candidates an edge has: "8", or "6/5" where the cell kinds differ.
std::string CandidateCounts(const Candidates& candidates);

}  // namespace pdarts

#endif  // PDARTS_CLI_NAMES_H_
