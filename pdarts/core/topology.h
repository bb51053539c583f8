#ifndef PDARTS_CORE_TOPOLOGY_H_
#define PDARTS_CORE_TOPOLOGY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// A directed edge of a cell. Nodes are numbered with the cell's inputs first.
struct Edge {
  int from = 0;
  int to = 0;
};
inline bool operator==(const Edge& a, const Edge& b) { return a.from == b.from && a.to == b.to; }

/// One kind of cell of a search space: its graph, and what may stand on every edge.
struct CellKind {
  std::string name;                     ///< "normal", "reduce"
  std::vector<Edge> edges;              ///< numbered in this order
  std::vector<std::string> operations;  ///< the space's operation names in their fixed order
};
inline bool operator==(const CellKind& a, const CellKind& b) {
  return a.name == b.name && a.edges == b.edges && a.operations == b.operations;
}

/// The part of a search space that is data: what can be chosen where.
struct Topology {
  std::vector<CellKind> kinds;
};
inline bool operator==(const Topology& a, const Topology& b) { return a.kinds == b.kinds; }

/// Indices into CellKind::operations that are still alive on one edge, ascending.
using EdgeCandidates = std::vector<int>;
/// One EdgeCandidates an edge of a cell kind.
using CellCandidates = std::vector<EdgeCandidates>;
/// One CellCandidates a cell kind, in the topology's order.
using Candidates = std::vector<CellCandidates>;

/// Probability of each candidate: `[kind][edge][position among the edge's candidates]`.
using EdgeProbabilities = std::vector<std::vector<std::vector<double>>>;

/// Every operation on every edge.
Candidates AllCandidates(const Topology& topology);

/// \error kInvalidArgument naming the cell kind if `topology` is none: no cell kinds, a kind
/// without a name, edges or operations, two things of one name, an edge that occurs twice or does
/// not lead from a node to a later one.
absl::Status CheckTopology(const Topology& topology);

/// \error kInvalidArgument as CheckTopology, or if `candidates` doesn't fit `topology`: other
/// counts of kinds or edges, an edge without candidates, an index out of range or not ascending, or
/// unequal counts within a cell kind (alphas are one matrix a kind).
absl::Status CheckCandidates(const Topology& topology, const Candidates& candidates);

/// \error kInvalidArgument if `probabilities` doesn't have one value in [0, 1] a candidate.
absl::Status CheckProbabilities(const Candidates& candidates,
                                const EdgeProbabilities& probabilities);

/// Keeps the `keep` most probable candidates of every edge, in their order. Between equal values
/// the one that stands first in the order is dropped first (docs/algorithm.md, "Stages and
/// pruning").
/// \error kInvalidArgument if an edge has fewer than `keep` candidates or `keep` < 1.
absl::StatusOr<Candidates> KeepMostProbable(const Candidates& candidates,
                                            const EdgeProbabilities& probabilities, int keep);

/// Index of `operation` in `kind`, or -1.
int OperationIndex(const CellKind& kind, absl::string_view operation);

}  // namespace pdarts

#endif  // PDARTS_CORE_TOPOLOGY_H_
