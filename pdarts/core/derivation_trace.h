#ifndef PDARTS_CORE_DERIVATION_TRACE_H_
#define PDARTS_CORE_DERIVATION_TRACE_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/derivation.h"
#include "pdarts/core/topology.h"

namespace pdarts {

// The derivations of all search spaces write their traces with these functions, so that the traces
// have the same words.

/// Adds the decision for an edge: its candidates and the chosen operation. chosen: its position
/// among the candidates.
void RecordEdge(const CellKind& kind, size_t edge, const EdgeCandidates& candidates,
                const std::vector<double>& probabilities, int chosen, bool kept,
                DerivationTrace* trace);

/// Adds a step for a limit. The caller sets the new operation of the edge. count: before the step.
LimitStep* RecordLimitStep(const OperationLimit& limit, int count, int edge, double probability,
                           DerivationTrace* trace);

/// Adds a note with the edges, if any, on which `none` was the most probable candidate but may not
/// be derived. cell: the name for readers, "normal cell". edges: their numbers in `kind`.
void NoteNonePreferred(absl::string_view cell, const CellKind& kind, const std::vector<int>& edges,
                       DerivationTrace* trace);

/// Adds a note if the architecture still exceeds a limit at the end, with `count` operations.
void NoteLimitMissed(absl::string_view cell, const OperationLimit& limit, int count,
                     DerivationTrace* trace);

/// kInvalidArgument: the edge has only the candidate `none`, which may not be derived.
absl::Status NothingButNone(const CellKind& kind, size_t edge);

}  // namespace pdarts

#endif  // PDARTS_CORE_DERIVATION_TRACE_H_
