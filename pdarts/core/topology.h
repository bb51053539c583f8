#ifndef PDARTS_CORE_TOPOLOGY_H_
#define PDARTS_CORE_TOPOLOGY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// A directed edge of a cell. Nodes are numbered, and the inputs of the cell come first.
struct Edge {
  int from = 0;
  int to = 0;
};
inline bool operator==(const Edge& a, const Edge& b) { return a.from == b.from && a.to == b.to; }

/// A cell kind of a search space: its graph, and the operations that its edges may hold.
struct CellKind {
  std::string name;                     ///< "normal", "reduce"
  std::vector<Edge> edges;              ///< numbered in this order
  std::vector<std::string> operations;  ///< names of the operations, in a fixed order
};
inline bool operator==(const CellKind& a, const CellKind& b) {
  return a.name == b.name && a.edges == b.edges && a.operations == b.operations;
}

/// The part of a search space that is data: the cell kinds, their edges and their operations.
struct Topology {
  std::vector<CellKind> kinds;
};
inline bool operator==(const Topology& a, const Topology& b) { return a.kinds == b.kinds; }

/// The candidates of one edge as indices into CellKind::operations, in ascending order.
using EdgeCandidates = std::vector<int>;
/// The candidates of each edge of a cell kind.
using CellCandidates = std::vector<EdgeCandidates>;
/// The candidates of each cell kind, in the order of the topology.
using Candidates = std::vector<CellCandidates>;

/// Probability of each candidate: `[kind][edge][index among the candidates of the edge]`.
using EdgeProbabilities = std::vector<std::vector<std::vector<double>>>;

/// All operations of all edges.
Candidates AllCandidates(const Topology& topology);

/// \error kInvalidArgument naming the cell kind if `topology` is not valid: it has no cell kinds; a
/// kind has no name, no edges or no operations; two names are equal; an edge occurs twice, or does
/// not lead from a node to a later one.
absl::Status CheckTopology(const Topology& topology);

/// \error kInvalidArgument as CheckTopology, or if `candidates` does not fit `topology`: the number
/// of kinds or edges differs, an edge has no candidates, an index is out of range or not in
/// ascending order, or the edges of a cell kind have different numbers of candidates (a kind has
/// one matrix of alphas).
absl::Status CheckCandidates(const Topology& topology, const Candidates& candidates);

/// \error kInvalidArgument if `probabilities` does not have one value in [0, 1] for each candidate.
absl::Status CheckProbabilities(const Candidates& candidates,
                                const EdgeProbabilities& probabilities);

/// Keeps the `keep` most probable candidates of every edge, in their order. If two values are
/// equal, the candidate that comes first in the order is pruned first (docs/algorithm.md, "Stages
/// and pruning").
/// \error kInvalidArgument if an edge has fewer than `keep` candidates, or if `keep` < 1.
absl::StatusOr<Candidates> KeepMostProbable(const Candidates& candidates,
                                            const EdgeProbabilities& probabilities, int keep);

/// Index of `operation` in `kind`, or -1.
int OperationIndex(const CellKind& kind, absl::string_view operation);

}  // namespace pdarts

#endif  // PDARTS_CORE_TOPOLOGY_H_
