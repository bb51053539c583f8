#include "pdarts/core/trace_check.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {
namespace {

absl::Status Wrong(const std::string& where, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(where, ": ", what));
}

/// The number of a cell kind, or -1.
int KindIndex(const Topology& topology, const std::string& name) {
  for (size_t k = 0; k < topology.kinds.size(); ++k) {
    if (topology.kinds[k].name == name) return static_cast<int>(k);
  }
  return -1;
}

bool IsProbability(double p) { return p >= 0 && p <= 1; }

absl::Status CheckEdge(const CellKind& kind, const EdgeDecision& decision, int num_stages,
                       const std::string& where) {
  const Edge& edge = kind.edges[decision.edge()];
  if (decision.from() != edge.from || decision.to() != edge.to) {
    return Wrong(where, absl::StrCat("leads ", decision.from(), " -> ", decision.to(),
                                     ", expected ", edge.from, " -> ", edge.to));
  }
  if (decision.candidates().empty() ||
      decision.candidates_size() != decision.probabilities_size()) {
    return Wrong(where, absl::StrCat(decision.probabilities_size(), " probabilities for ",
                                     decision.candidates_size(), " candidates"));
  }
  int before = -1;
  bool holds_candidate = false;
  for (const std::string& candidate : decision.candidates()) {
    const int operation = OperationIndex(kind, candidate);
    if (operation <= before) {
      return Wrong(where, absl::StrCat("the candidate \"", candidate, "\" is ",
                                       operation < 0 ? "unknown" : "doubled or out of order"));
    }
    before = operation;
    holds_candidate = holds_candidate || candidate == decision.operation();
  }
  if (!holds_candidate) {
    return Wrong(where, absl::StrCat("its operation \"", decision.operation(),
                                     "\" is none of its candidates"));
  }
  for (const double p : decision.probabilities()) {
    if (!IsProbability(p)) return Wrong(where, absl::StrCat(p, " is no probability"));
  }
  if (!IsProbability(decision.score())) {
    return Wrong(where, absl::StrCat("the score ", decision.score(), " is no probability"));
  }
  for (const PrunedOperation& pruned : decision.pruned()) {
    if (OperationIndex(kind, pruned.operation()) < 0) {
      return Wrong(where,
                   absl::StrCat("the pruned operation \"", pruned.operation(), "\" is unknown"));
    }
    if (pruned.stage() < 1 || pruned.stage() >= num_stages) {
      return Wrong(where, absl::StrCat("an operation was pruned after stage ", pruned.stage(),
                                       " of ", num_stages));
    }
    if (!IsProbability(pruned.probability())) {
      return Wrong(where, absl::StrCat(pruned.probability(), " is no probability"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckLimitStep(const Topology& topology, const LimitStep& step,
                            const std::string& where) {
  const int k = KindIndex(topology, step.cell_kind());
  if (k < 0) {
    return Wrong(where, absl::StrCat("the cell kind \"", step.cell_kind(), "\" is unknown"));
  }
  const CellKind& kind = topology.kinds[k];
  if (OperationIndex(kind, step.operation()) < 0) {
    return Wrong(where, absl::StrCat("the operation \"", step.operation(), "\" is unknown"));
  }
  if (!step.replacement().empty() && OperationIndex(kind, step.replacement()) < 0) {
    return Wrong(where, absl::StrCat("the replacement \"", step.replacement(), "\" is unknown"));
  }
  if (step.edge() < 0 || step.edge() >= static_cast<int>(kind.edges.size())) {
    return Wrong(where, absl::StrCat("the ", kind.name, " cell has no edge ", step.edge()));
  }
  if (step.max() < 0 || step.count() < 0 || !IsProbability(step.probability())) {
    return Wrong(where, absl::StrCat("count ", step.count(), ", max ", step.max(), ", probability ",
                                     step.probability()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckTrace(const Topology& topology, const DerivationTrace& trace, int num_stages) {
  std::vector<std::vector<bool>> described;
  for (const CellKind& kind : topology.kinds) described.emplace_back(kind.edges.size(), false);
  for (int i = 0; i < trace.edges_size(); ++i) {
    const EdgeDecision& decision = trace.edges(i);
    const std::string where = absl::StrCat("trace.edges[", i, "]");
    const int k = KindIndex(topology, decision.cell_kind());
    if (k < 0) {
      return Wrong(where, absl::StrCat("the cell kind \"", decision.cell_kind(), "\" is unknown"));
    }
    const CellKind& kind = topology.kinds[k];
    if (decision.edge() < 0 || decision.edge() >= static_cast<int>(kind.edges.size())) {
      return Wrong(where, absl::StrCat("the ", kind.name, " cell has no edge ", decision.edge()));
    }
    if (described[k][decision.edge()]) {
      return Wrong(where, absl::StrCat("edge ", decision.edge(), " of the ", kind.name,
                                       " cell is described twice"));
    }
    described[k][decision.edge()] = true;
    PDARTS_RETURN_IF_ERROR(CheckEdge(kind, decision, num_stages, where));
  }
  for (size_t k = 0; k < described.size(); ++k) {
    for (size_t e = 0; e < described[k].size(); ++e) {
      if (!described[k][e]) {
        return absl::InvalidArgumentError(absl::StrCat("trace.edges: edge ", e, " of the ",
                                                       topology.kinds[k].name, " cell is missing"));
      }
    }
  }
  for (int i = 0; i < trace.limit_steps_size(); ++i) {
    PDARTS_RETURN_IF_ERROR(
        CheckLimitStep(topology, trace.limit_steps(i), absl::StrCat("trace.limit_steps[", i, "]")));
  }
  return absl::OkStatus();
}

}  // namespace pdarts
