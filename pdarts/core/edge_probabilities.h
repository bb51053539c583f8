#ifndef PDARTS_CORE_EDGE_PROBABILITIES_H_
#define PDARTS_CORE_EDGE_PROBABILITIES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/repeated_field.h"
#include "pdarts/core/edge_probabilities.pb.h"
#include "pdarts/core/topology.h"

namespace pdarts {

// The codec of edge probabilities: everything that is written down of candidates and probabilities
// (logs, checkpoints, derivation traces) is made and read here.

using CellProbabilitiesList = google::protobuf::RepeatedPtrField<CellProbabilities>;

/// The candidates of every edge of every cell kind, and how probable each is.
struct StageEdges {
  Candidates candidates;
  EdgeProbabilities probabilities;
};

/// What is written down of one edge of a cell kind. probabilities: null where they are not known.
EdgeCandidateProbabilities EncodeEdge(const CellKind& kind, size_t edge,
                                      const EdgeCandidates& candidates,
                                      const std::vector<double>* probabilities = nullptr);

/// The same of all cell kinds. candidates, probabilities: as CheckCandidates and CheckProbabilities
/// want them for `topology`.
CellProbabilitiesList EncodeEdges(const Topology& topology, const Candidates& candidates,
                                  const EdgeProbabilities* probabilities = nullptr);

/// Reads operations back into numbers; an operation that the kind does not have becomes -1.
EdgeCandidates DecodeOperations(const CellKind& kind,
                                const google::protobuf::RepeatedPtrField<std::string>& operations);

/// Reads what EncodeEdges wrote without probabilities.
/// \error kDataLoss saying what does not fit the topology.
absl::StatusOr<Candidates> DecodeCandidates(const CellProbabilitiesList& cells,
                                            const Topology& topology);

/// Reads what EncodeEdges wrote with probabilities. \error as DecodeCandidates.
absl::StatusOr<StageEdges> DecodeEdges(const CellProbabilitiesList& cells,
                                       const Topology& topology);

}  // namespace pdarts

#endif  // PDARTS_CORE_EDGE_PROBABILITIES_H_
