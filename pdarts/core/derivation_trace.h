#ifndef PDARTS_CORE_DERIVATION_TRACE_H_
#define PDARTS_CORE_DERIVATION_TRACE_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/topology.h"

namespace pdarts {

// What every search space's derivation says of itself, in the same words.

/// Adds what stands on an edge, and what it was chosen from. chosen: place among the candidates.
void RecordEdge(const CellKind& kind, size_t edge, const EdgeCandidates& candidates,
                const std::vector<double>& probabilities, int chosen, bool kept,
                DerivationTrace* trace);

/// Adds a step for a limit, but for what the edge holds instead. count: before the step.
LimitStep* RecordLimitStep(const OperationLimit& limit, int count, int edge, double probability,
                           DerivationTrace* trace);

/// Notes on which edges, if any, `none` was the most probable but may not be derived. cell: as a
/// reader knows it, "normal cell". edges: their numbers in `kind`.
void NoteNonePreferred(absl::string_view cell, const CellKind& kind, const std::vector<int>& edges,
                       DerivationTrace* trace);

/// Notes a limit that `count` operations exceed in the end, if they do.
void NoteLimitMissed(absl::string_view cell, const OperationLimit& limit, int count,
                     DerivationTrace* trace);

/// kInvalidArgument: nothing but `none` is left on the edge, and that may not be derived.
absl::Status NothingButNone(const CellKind& kind, size_t edge);

}  // namespace pdarts

#endif  // PDARTS_CORE_DERIVATION_TRACE_H_
