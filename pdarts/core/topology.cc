#include "pdarts/core/topology.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {

Candidates AllCandidates(const Topology& topology) {
  Candidates all;
  for (const CellKind& kind : topology.kinds) {
    EdgeCandidates operations(kind.operations.size());
    std::iota(operations.begin(), operations.end(), 0);
    all.emplace_back(kind.edges.size(), operations);
  }
  return all;
}

absl::Status CheckTopology(const Topology& topology) {
  if (topology.kinds.empty()) return absl::InvalidArgumentError("there are no cell kinds");
  std::set<std::string> kinds;
  for (const CellKind& kind : topology.kinds) {
    if (kind.name.empty()) return absl::InvalidArgumentError("a cell kind has no name");
    if (!kinds.insert(kind.name).second) {
      return absl::InvalidArgumentError(absl::StrCat("two cell kinds are called ", kind.name));
    }
    const std::string where = absl::StrCat("the cell kind ", kind.name);
    if (kind.edges.empty()) return absl::InvalidArgumentError(absl::StrCat(where, " has no edges"));
    std::set<std::pair<int, int>> edges;
    for (const Edge& edge : kind.edges) {
      const bool leads_on = edge.from >= 0 && edge.from < edge.to;
      if (!leads_on || !edges.insert({edge.from, edge.to}).second) {
        return absl::InvalidArgumentError(
            absl::StrCat(where, ": the edge ", edge.from, " -> ", edge.to,
                         leads_on ? " occurs twice" : " does not lead from a node to a later one"));
      }
    }
    if (kind.operations.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(where, " has no operations"));
    }
    std::set<std::string> operations;
    for (const std::string& operation : kind.operations) {
      if (operation.empty() || !operations.insert(operation).second) {
        return absl::InvalidArgumentError(absl::StrCat(
            where,
            operation.empty() ? " has an operation without a name" : " has two operations called ",
            operation));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckCandidates(const Topology& topology, const Candidates& candidates) {
  PDARTS_RETURN_IF_ERROR(CheckTopology(topology));
  if (candidates.size() != topology.kinds.size()) {
    return absl::InvalidArgumentError(absl::StrCat("candidates of ", candidates.size(),
                                                   " cell kinds, but the space has ",
                                                   topology.kinds.size()));
  }
  for (size_t k = 0; k < candidates.size(); ++k) {
    const CellKind& kind = topology.kinds[k];
    if (candidates[k].size() != kind.edges.size()) {
      return absl::InvalidArgumentError(absl::StrCat("candidates of ", candidates[k].size(),
                                                     " edges for the cell kind ", kind.name,
                                                     ", which has ", kind.edges.size()));
    }
    for (size_t e = 0; e < candidates[k].size(); ++e) {
      const EdgeCandidates& edge = candidates[k][e];
      const std::string where = absl::StrCat(kind.name, " edge ", e);
      if (edge.empty()) {
        return absl::InvalidArgumentError(absl::StrCat(where, " has no candidates"));
      }
      if (edge.size() != candidates[k][0].size()) {
        return absl::InvalidArgumentError(absl::StrCat(
            where, " has ", edge.size(), " candidates, but edge 0 has ", candidates[k][0].size()));
      }
      for (size_t i = 0; i < edge.size(); ++i) {
        if (edge[i] < 0 || edge[i] >= static_cast<int>(kind.operations.size()) ||
            (i > 0 && edge[i] <= edge[i - 1])) {
          return absl::InvalidArgumentError(
              absl::StrCat(where, ": operation index ", edge[i], " at position ", i,
                           " is out of order or not in [0, ", kind.operations.size(), ")"));
        }
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckProbabilities(const Candidates& candidates,
                                const EdgeProbabilities& probabilities) {
  if (probabilities.size() != candidates.size()) {
    return absl::InvalidArgumentError(absl::StrCat("probabilities of ", probabilities.size(),
                                                   " cell kinds for candidates of ",
                                                   candidates.size()));
  }
  for (size_t k = 0; k < candidates.size(); ++k) {
    if (probabilities[k].size() != candidates[k].size()) {
      return absl::InvalidArgumentError(absl::StrCat("probabilities of ", probabilities[k].size(),
                                                     " edges for candidates of ",
                                                     candidates[k].size()));
    }
    for (size_t e = 0; e < candidates[k].size(); ++e) {
      if (probabilities[k][e].size() != candidates[k][e].size()) {
        return absl::InvalidArgumentError(
            absl::StrCat("cell kind ", k, " edge ", e, ": ", probabilities[k][e].size(),
                         " probabilities for ", candidates[k][e].size(), " candidates"));
      }
      for (double p : probabilities[k][e]) {
        if (!(p >= 0 && p <= 1)) {
          return absl::InvalidArgumentError(
              absl::StrCat("cell kind ", k, " edge ", e, ": ", p, " is not a probability"));
        }
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Candidates> KeepMostProbable(const Candidates& candidates,
                                            const EdgeProbabilities& probabilities, int keep) {
  PDARTS_RETURN_IF_ERROR(CheckProbabilities(candidates, probabilities));
  Candidates kept = candidates;
  for (size_t k = 0; k < candidates.size(); ++k) {
    for (size_t e = 0; e < candidates[k].size(); ++e) {
      const EdgeCandidates& edge = candidates[k][e];
      if (keep < 1 || keep > static_cast<int>(edge.size())) {
        return absl::InvalidArgumentError(
            absl::StrCat("cannot keep ", keep, " of ", edge.size(), " candidates"));
      }
      std::vector<int> order(edge.size());
      std::iota(order.begin(), order.end(), 0);
      const std::vector<double>& p = probabilities[k][e];
      std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return p[a] < p[b]; });
      order.erase(order.begin(), order.end() - keep);
      std::sort(order.begin(), order.end());
      kept[k][e].clear();
      for (int position : order) kept[k][e].push_back(edge[position]);
    }
  }
  return kept;
}

int OperationIndex(const CellKind& kind, absl::string_view operation) {
  const auto it = std::find(kind.operations.begin(), kind.operations.end(), operation);
  return it == kind.operations.end() ? -1 : static_cast<int>(it - kind.operations.begin());
}

}  // namespace pdarts
