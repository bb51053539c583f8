#ifndef PDARTS_CORE_TRACE_CHECK_H_
#define PDARTS_CORE_TRACE_CHECK_H_

#include "absl/status/status.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/edge_probabilities.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// Whether a derivation's trace can be one of a search over this topology: of a plugin, or of a
/// file. stages: of the search.
/// \error kInvalidArgument naming the entry of the trace that doesn't fit: a cell kind, an edge, a
/// node or an operation that the topology doesn't have, an edge that is named twice, an operation
/// that is none of its edge's candidates, a value that is no probability, a stage after which a
/// search of `stages` stages prunes nothing.
absl::Status CheckTrace(const Topology& topology, int stages, const DerivationTrace& trace);

/// What the last stage of a search left on each edge, and how probable each was, from a trace that
/// passed CheckTrace. An edge that the trace does not name has no candidates.
StageEdges LastStageOf(const Topology& topology, const DerivationTrace& trace);

/// The same, as if no stage had pruned anything: each edge also has the candidates that earlier
/// stages took away, with the probabilities that they had then.
StageEdges UnprunedOf(const Topology& topology, const DerivationTrace& trace);

}  // namespace pdarts

#endif  // PDARTS_CORE_TRACE_CHECK_H_
