#include "pdarts/core/edge_probabilities.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/edge_name.h"

namespace pdarts {
namespace {

/// \error kDataLoss if an edge states the nodes of another edge.
absl::Status CheckNodes(const CellProbabilities& cell, const CellKind& kind) {
  const int edges = std::min(cell.edges_size(), static_cast<int>(kind.edges.size()));
  for (int e = 0; e < edges; ++e) {
    const EdgeCandidateProbabilities& edge = cell.edges(e);
    if (!edge.has_from() && !edge.has_to()) continue;
    const Edge nodes{edge.from(), edge.to()};
    if (nodes == kind.edges[e]) continue;
    return absl::DataLossError(absl::StrCat(kind.name, " cell: the edge ", EdgeName(nodes),
                                            " stands where ", EdgeName(kind.edges[e]),
                                            " is expected"));
  }
  return absl::OkStatus();
}

absl::Status AsDataLoss(const absl::Status& fits) {
  return fits.ok() ? fits : absl::DataLossError(fits.message());
}

/// Reads all cell kinds, and checks only the candidates.
absl::StatusOr<StageEdges> Decode(const CellProbabilitiesList& cells, const Topology& topology) {
  StageEdges read;
  for (const CellKind& kind : topology.kinds) {
    const auto cell = std::find_if(
        cells.begin(), cells.end(),
        [&](const CellProbabilities& written) { return written.cell_kind() == kind.name; });
    if (cell == cells.end()) {
      return absl::DataLossError(absl::StrCat("no probabilities of the ", kind.name, " cell"));
    }
    PDARTS_RETURN_IF_ERROR(CheckNodes(*cell, kind));
    CellCandidates& candidates = read.candidates.emplace_back();
    auto& probabilities = read.probabilities.emplace_back();
    for (const EdgeCandidateProbabilities& edge : cell->edges()) {
      candidates.push_back(DecodeOperations(kind, edge.operations()));
      probabilities.emplace_back(edge.probabilities().begin(), edge.probabilities().end());
    }
  }
  PDARTS_RETURN_IF_ERROR(AsDataLoss(CheckCandidates(topology, read.candidates)));
  return read;
}

}  // namespace

EdgeCandidateProbabilities EncodeEdge(const CellKind& kind, size_t edge,
                                      const EdgeCandidates& candidates,
                                      const std::vector<double>* probabilities) {
  EdgeCandidateProbabilities written;
  written.set_from(kind.edges[edge].from);
  written.set_to(kind.edges[edge].to);
  for (const int operation : candidates) written.add_operations(kind.operations[operation]);
  if (probabilities == nullptr) return written;
  for (const double probability : *probabilities) written.add_probabilities(probability);
  return written;
}

CellProbabilitiesList EncodeEdges(const Topology& topology, const Candidates& candidates,
                                  const EdgeProbabilities* probabilities) {
  CellProbabilitiesList cells;
  for (size_t k = 0; k < candidates.size(); ++k) {
    const CellKind& kind = topology.kinds[k];
    CellProbabilities* cell = cells.Add();
    cell->set_cell_kind(kind.name);
    for (size_t e = 0; e < candidates[k].size(); ++e) {
      *cell->add_edges() = EncodeEdge(kind, e, candidates[k][e],
                                      probabilities == nullptr ? nullptr : &(*probabilities)[k][e]);
    }
  }
  return cells;
}

EdgeCandidates DecodeOperations(const CellKind& kind,
                                const google::protobuf::RepeatedPtrField<std::string>& operations) {
  EdgeCandidates candidates;
  for (const std::string& operation : operations) {
    candidates.push_back(OperationIndex(kind, operation));
  }
  return candidates;
}

absl::StatusOr<Candidates> DecodeCandidates(const CellProbabilitiesList& cells,
                                            const Topology& topology) {
  PDARTS_ASSIGN_OR_RETURN(StageEdges read, Decode(cells, topology));
  return std::move(read.candidates);
}

absl::StatusOr<StageEdges> DecodeEdges(const CellProbabilitiesList& cells,
                                       const Topology& topology) {
  PDARTS_ASSIGN_OR_RETURN(StageEdges read, Decode(cells, topology));
  PDARTS_RETURN_IF_ERROR(AsDataLoss(CheckProbabilities(read.candidates, read.probabilities)));
  return read;
}

}  // namespace pdarts
