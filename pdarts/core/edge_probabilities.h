#ifndef PDARTS_CORE_EDGE_PROBABILITIES_H_
#define PDARTS_CORE_EDGE_PROBABILITIES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/repeated_field.h"
#include "pdarts/core/edge_probabilities.pb.h"
#include "pdarts/core/topology.h"

namespace pdarts {

// The codec of edge probabilities. All candidates and probabilities in logs, checkpoints and
// derivation traces are written and read here.

using CellProbabilitiesList = google::protobuf::RepeatedPtrField<CellProbabilities>;

/// The candidates of every edge of every cell kind, and the probability of each candidate.
struct StageEdges {
  Candidates candidates;
  EdgeProbabilities probabilities;
};

/// The record of one edge of a cell kind. probabilities: null if they are not known.
EdgeCandidateProbabilities EncodeEdge(const CellKind& kind, size_t edge,
                                      const EdgeCandidates& candidates,
                                      const std::vector<double>* probabilities = nullptr);

/// The records of all cell kinds. candidates, probabilities: they pass CheckCandidates and
/// CheckProbabilities for `topology`.
CellProbabilitiesList EncodeEdges(const Topology& topology, const Candidates& candidates,
                                  const EdgeProbabilities* probabilities = nullptr);

/// Converts names of operations to their numbers. An operation that the kind does not have becomes
/// -1.
EdgeCandidates DecodeOperations(const CellKind& kind,
                                const google::protobuf::RepeatedPtrField<std::string>& operations);

/// Reads the output of EncodeEdges without probabilities. \error kDataLoss stating what does not
/// fit the topology.
absl::StatusOr<Candidates> DecodeCandidates(const CellProbabilitiesList& cells,
                                            const Topology& topology);

/// Reads the output of EncodeEdges with probabilities. \error as DecodeCandidates.
absl::StatusOr<StageEdges> DecodeEdges(const CellProbabilitiesList& cells,
                                       const Topology& topology);

}  // namespace pdarts

#endif  // PDARTS_CORE_EDGE_PROBABILITIES_H_
