#ifndef PDARTS_REPORT_DERIVATION_STORY_H_
#define PDARTS_REPORT_DERIVATION_STORY_H_

#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/topology.h"
#include "pdarts/report/html.h"

namespace pdarts {

// The traces must have passed CheckDerivationTrace.

/// A shaded table of the probabilities of one cell kind in the last stage. For a pruned operation,
/// it shows the stage of the pruning.
Html HeatMap(const CellKind& kind, const DerivationTrace& trace);

/// The derivation of one cell as a list of steps: the pruned operations, the operations that limits
/// removed, and the edges that each node keeps.
Html DerivationSteps(const CellKind& kind, const DerivationTrace& trace);

}  // namespace pdarts

#endif  // PDARTS_REPORT_DERIVATION_STORY_H_
