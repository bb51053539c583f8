#include "pdarts/core/trace_check.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

absl::StatusOr<const CellKind*> FindKind(const Topology& topology, const std::string& name) {
  for (const CellKind& kind : topology.kinds) {
    if (kind.name == name) return &kind;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "cell_kind: \"", name, "\" is unknown; known: ",
      absl::StrJoin(topology.kinds, ", ",
                    [](std::string* out, const CellKind& kind) { *out += kind.name; })));
}

absl::Status CheckRange(absl::string_view field, int value, int min, int max) {
  if (value >= min && value <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": ", value, " is not in [", min, ", ", max, "]"));
}

absl::Status CheckEdgeNumber(const CellKind& kind, int edge) {
  return CheckRange("edge", edge, 0, static_cast<int>(kind.edges.size()) - 1);
}

absl::Status CheckProbability(absl::string_view field, double value) {
  if (value >= 0 && value <= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", value, " is not a probability"));
}

absl::Status CheckOperation(absl::string_view field, const CellKind& kind,
                            const std::string& operation) {
  if (OperationIndex(kind, operation) >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      field, ": \"", operation, "\" is unknown; known: ", absl::StrJoin(kind.operations, ", ")));
}

absl::Status CheckDecision(const Topology& topology, int stages, const EdgeDecision& decision) {
  PDARTS_ASSIGN_OR_RETURN(const CellKind* const kind, FindKind(topology, decision.cell_kind()));
  PDARTS_RETURN_IF_ERROR(CheckEdgeNumber(*kind, decision.edge()));
  const Edge& edge = kind->edges[decision.edge()];
  PDARTS_RETURN_IF_ERROR(CheckRange("from", decision.from(), edge.from, edge.from));
  PDARTS_RETURN_IF_ERROR(CheckRange("to", decision.to(), edge.to, edge.to));
  PDARTS_RETURN_IF_ERROR(CheckRange("probabilities: their number", decision.probabilities_size(),
                                    decision.candidates_size(), decision.candidates_size()));
  int previous = -1;
  for (int i = 0; i < decision.candidates_size(); ++i) {
    PDARTS_RETURN_IF_ERROR(CheckOperation("candidates", *kind, decision.candidates(i)));
    PDARTS_RETURN_IF_ERROR(CheckProbability("probabilities", decision.probabilities(i)));
    const int operation = OperationIndex(*kind, decision.candidates(i));
    if (operation <= previous) {
      return absl::InvalidArgumentError(absl::StrCat("candidates: ", decision.candidates(i),
                                                     " is doubled or not in the space's order"));
    }
    previous = operation;
  }
  PDARTS_RETURN_IF_ERROR(CheckOperation("operation", *kind, decision.operation()));
  if (std::find(decision.candidates().begin(), decision.candidates().end(), decision.operation()) ==
      decision.candidates().end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("operation: ", decision.operation(), " is none of the candidates"));
  }
  PDARTS_RETURN_IF_ERROR(CheckProbability("score", decision.score()));
  int stage = 1;
  for (const PrunedOperation& pruned : decision.pruned()) {
    PDARTS_RETURN_IF_ERROR(CheckOperation("pruned.operation", *kind, pruned.operation()));
    PDARTS_RETURN_IF_ERROR(CheckRange("pruned.stage", pruned.stage(), stage, stages - 1));
    PDARTS_RETURN_IF_ERROR(CheckProbability("pruned.probability", pruned.probability()));
    stage = pruned.stage();
  }
  return absl::OkStatus();
}

absl::Status CheckLimitStep(const Topology& topology, const LimitStep& step) {
  PDARTS_ASSIGN_OR_RETURN(const CellKind* const kind, FindKind(topology, step.cell_kind()));
  const int edges = static_cast<int>(kind->edges.size());
  PDARTS_RETURN_IF_ERROR(CheckOperation("operation", *kind, step.operation()));
  PDARTS_RETURN_IF_ERROR(CheckEdgeNumber(*kind, step.edge()));
  PDARTS_RETURN_IF_ERROR(CheckRange("count", step.count(), 0, edges));
  PDARTS_RETURN_IF_ERROR(CheckRange("max", step.max(), 0, step.count()));
  PDARTS_RETURN_IF_ERROR(CheckProbability("probability", step.probability()));
  if (step.replacement().empty()) return absl::OkStatus();
  return CheckOperation("replacement", *kind, step.replacement());
}

absl::Status CheckFinite(absl::string_view field, double value) {
  if (std::isfinite(value)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", value, " is not a finite number"));
}

absl::Status CheckCostStep(const Topology& topology, const CostStep& step) {
  PDARTS_ASSIGN_OR_RETURN(const CellKind* const kind, FindKind(topology, step.cell_kind()));
  PDARTS_RETURN_IF_ERROR(CheckEdgeNumber(*kind, step.edge()));
  PDARTS_RETURN_IF_ERROR(CheckOperation("operation", *kind, step.operation()));
  PDARTS_RETURN_IF_ERROR(CheckProbability("probability", step.probability()));
  PDARTS_RETURN_IF_ERROR(CheckOperation("replacement", *kind, step.replacement()));
  PDARTS_RETURN_IF_ERROR(
      CheckProbability("replacement_probability", step.replacement_probability()));
  return CheckFinite("cost_change", step.cost_change());
}

absl::Status CheckCost(const Topology& topology, const CostDecision& cost) {
  PDARTS_RETURN_IF_ERROR(CheckFinite("min", cost.min()));
  PDARTS_RETURN_IF_ERROR(CheckFinite("max", cost.max()));
  PDARTS_RETURN_IF_ERROR(CheckFinite("cost_before", cost.cost_before()));
  PDARTS_RETURN_IF_ERROR(CheckFinite("cost", cost.cost()));
  for (int i = 0; i < cost.steps_size(); ++i) {
    PDARTS_RETURN_IF_ERROR(
        Annotate(CheckCostStep(topology, cost.steps(i)), absl::StrCat("steps[", i, "]")));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckTrace(const Topology& topology, int stages, const DerivationTrace& trace) {
  std::set<std::pair<std::string, int>> seen;
  for (int i = 0; i < trace.edges_size(); ++i) {
    const EdgeDecision& decision = trace.edges(i);
    const std::string where = absl::StrCat("trace.edges[", i, "]");
    PDARTS_RETURN_IF_ERROR(Annotate(CheckDecision(topology, stages, decision), where));
    if (!seen.emplace(decision.cell_kind(), decision.edge()).second) {
      return absl::InvalidArgumentError(absl::StrCat(where, ": edge ", decision.edge(), " of the ",
                                                     decision.cell_kind(), " cell occurs twice"));
    }
  }
  for (int i = 0; i < trace.limit_steps_size(); ++i) {
    PDARTS_RETURN_IF_ERROR(Annotate(CheckLimitStep(topology, trace.limit_steps(i)),
                                    absl::StrCat("trace.limit_steps[", i, "]")));
  }
  return Annotate(CheckCost(topology, trace.cost()), "trace.cost");
}

StageEdges LastStageOf(const Topology& topology, const DerivationTrace& trace) {
  StageEdges last;
  for (const CellKind& kind : topology.kinds) {
    CellCandidates& candidates = last.candidates.emplace_back(kind.edges.size());
    auto& probabilities = last.probabilities.emplace_back(kind.edges.size());
    for (const EdgeDecision& edge : trace.edges()) {
      if (edge.cell_kind() != kind.name) continue;
      candidates[edge.edge()] = DecodeOperations(kind, edge.candidates());
      probabilities[edge.edge()].assign(edge.probabilities().begin(), edge.probabilities().end());
    }
  }
  return last;
}

StageEdges UnprunedOf(const Topology& topology, const DerivationTrace& trace) {
  StageEdges all;
  for (const CellKind& kind : topology.kinds) {
    CellCandidates& candidates = all.candidates.emplace_back(kind.edges.size());
    auto& probabilities = all.probabilities.emplace_back(kind.edges.size());
    for (const EdgeDecision& edge : trace.edges()) {
      if (edge.cell_kind() != kind.name) continue;
      std::map<int, double> by_operation;  // in the order of the space
      for (int i = 0; i < edge.candidates_size(); ++i) {
        by_operation[OperationIndex(kind, edge.candidates(i))] = edge.probabilities(i);
      }
      for (const PrunedOperation& pruned : edge.pruned()) {
        by_operation.emplace(OperationIndex(kind, pruned.operation()), pruned.probability());
      }
      for (const auto& [operation, probability] : by_operation) {
        candidates[edge.edge()].push_back(operation);
        probabilities[edge.edge()].push_back(probability);
      }
    }
  }
  return all;
}

}  // namespace pdarts
