#ifndef PDARTS_CORE_TRACE_CHECK_H_
#define PDARTS_CORE_TRACE_CHECK_H_

#include "absl/status/status.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/edge_probabilities.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// Checks whether a derivation trace, from a plugin or a file, can belong to a search over this
/// topology. stages: of the search.
/// \error kInvalidArgument naming the wrong entry of the trace: a cell kind, an edge, a node or an
/// operation that the topology does not have; an edge that is named twice; an operation that is not
/// a candidate of its edge; a value that is not a probability; a cost that is not finite; a stage
/// after which a search of `stages` stages does not prune.
absl::Status CheckTrace(const Topology& topology, int stages, const DerivationTrace& trace);

/// The candidates of each edge after the last stage of a search, and their probabilities, from a
/// trace that has passed CheckTrace. An edge that the trace does not name has no candidates.
StageEdges LastStageOf(const Topology& topology, const DerivationTrace& trace);

/// As LastStageOf, but as if no stage had pruned candidates: each edge also has the candidates that
/// earlier stages pruned, with their probabilities at that time.
StageEdges UnprunedOf(const Topology& topology, const DerivationTrace& trace);

}  // namespace pdarts

#endif  // PDARTS_CORE_TRACE_CHECK_H_
