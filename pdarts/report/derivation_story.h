#ifndef PDARTS_REPORT_DERIVATION_STORY_H_
#define PDARTS_REPORT_DERIVATION_STORY_H_

#include <string>

#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// A table of one cell kind's probabilities in the last stage, shaded; what was pruned says when.
std::string HeatMap(const CellKind& kind, const DerivationTrace& trace);

/// How one cell came about, as a list of steps in HTML: what was pruned, what limits took away,
/// which edges each node keeps.
std::string DerivationSteps(const CellKind& kind, const DerivationTrace& trace);

}  // namespace pdarts

#endif  // PDARTS_REPORT_DERIVATION_STORY_H_
