#ifndef PDARTS_REPORT_DERIVATION_STORY_H_
#define PDARTS_REPORT_DERIVATION_STORY_H_

#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/topology.h"
#include "pdarts/report/html.h"

namespace pdarts {

// The traces must have passed CheckDerivationTrace.

/// A table of one cell kind's probabilities in the last stage, shaded; what was pruned says when.
Html HeatMap(const CellKind& kind, const DerivationTrace& trace);

/// How one cell came about, as a list of steps: what was pruned, what limits took away,
/// which edges each node keeps.
Html DerivationSteps(const CellKind& kind, const DerivationTrace& trace);

}  // namespace pdarts

#endif  // PDARTS_REPORT_DERIVATION_STORY_H_
