#include "pdarts/spaces/nasbench201/derivation.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/spaces/nasbench201/cell.h"

namespace pdarts::nasbench201 {
namespace {

/// One edge and what may still be chosen on it.
struct OpenEdge {
  const EdgeCandidates& candidates;
  const std::vector<double>& probabilities;
  std::vector<bool> allowed;  ///< [candidate]
  int chosen = -1;            ///< place among the candidates; -1 if nothing is allowed

  int operation() const { return candidates[chosen]; }
  double score() const { return probabilities[chosen]; }
  bool has_choice() const { return std::count(allowed.begin(), allowed.end(), true) > 1; }

  void Choose() {
    chosen = -1;
    for (size_t i = 0; i < candidates.size(); ++i) {
      if (allowed[i] && (chosen < 0 || probabilities[i] > score())) chosen = static_cast<int>(i);
    }
  }
};

struct OpenLimit {
  OperationLimit limit;
  int operation = 0;
  std::vector<bool> stays;  ///< [edge] which can't hold anything else

  int Count(const std::vector<OpenEdge>& edges) const {
    return static_cast<int>(std::count_if(edges.begin(), edges.end(), [&](const OpenEdge& edge) {
      return edge.operation() == operation;
    }));
  }

  /// Takes the operation off the edge where it is least probable. Returns whether there was
  /// anything to do.
  bool Step(std::vector<OpenEdge>& edges, DerivationTrace* trace) {
    const int count = Count(edges);
    if (count <= limit.max) return false;
    int weakest = -1;
    for (size_t e = 0; e < edges.size(); ++e) {
      if (edges[e].operation() != operation || stays[e]) continue;
      if (weakest < 0 || edges[e].score() < edges[weakest].score()) weakest = static_cast<int>(e);
    }
    if (weakest < 0) return false;
    OpenEdge& edge = edges[weakest];
    LimitStep* const step = trace->add_limit_steps();
    step->set_cell_kind(limit.cell_kind);
    step->set_operation(limit.operation);
    step->set_max(limit.max);
    step->set_count(count);
    step->set_edge(weakest);
    step->set_probability(edge.score());
    step->set_stays(!edge.has_choice());
    if (edge.has_choice()) {
      edge.allowed[edge.chosen] = false;
      edge.Choose();
    } else {
      stays[weakest] = true;
    }
    step->set_replacement(NasBench201Topology().kinds[0].operations[edge.operation()]);
    return true;
  }
};

}  // namespace

absl::StatusOr<Derivation> DeriveCell(const Candidates& candidates,
                                      const EdgeProbabilities& probabilities,
                                      const DerivationOptions& options, bool allow_none) {
  const CellKind& kind = NasBench201Topology().kinds[0];
  Derivation derivation;
  DerivationTrace* const trace = &derivation.trace;
  std::vector<OpenEdge> edges;
  std::vector<size_t> without_none;
  for (size_t e = 0; e < candidates[0].size(); ++e) {
    OpenEdge& edge = edges.emplace_back(OpenEdge{candidates[0][e], probabilities[0][e], {}});
    edge.allowed.assign(edge.candidates.size(), true);
    edge.Choose();
    if (allow_none) continue;
    const bool preferred_none = edge.operation() == kNone;
    for (size_t i = 0; i < edge.candidates.size(); ++i) {
      edge.allowed[i] = edge.candidates[i] != kNone;
    }
    edge.Choose();
    if (edge.chosen < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("cell edge ", e, " (", kind.edges[e].from, " -> ", kind.edges[e].to,
                       "): its only candidate is none, which may not be derived (allow_none is "
                       "false)"));
    }
    if (preferred_none) without_none.push_back(e);
  }
  if (!without_none.empty()) {
    trace->add_notes(absl::StrCat(
        "cell: none was the most probable candidate, but may not be derived, on the edges ",
        absl::StrJoin(without_none, ", ")));
  }
  std::vector<OpenLimit> limits;
  for (const OperationLimit& limit : options.limits) {
    limits.push_back({limit, ::pdarts::OperationIndex(kind, limit.operation),
                      std::vector<bool>(edges.size(), false)});
  }
  // A step for one limit may break another one: start over after each.
  for (size_t i = 0; i < limits.size();) i = limits[i].Step(edges, trace) ? 0 : i + 1;
  for (const OpenLimit& limit : limits) {
    const int count = limit.Count(edges);
    if (count <= limit.limit.max) continue;
    trace->add_notes(absl::StrCat("cell: ", count, " ", limit.limit.operation,
                                  " stand although the limit is ", limit.limit.max,
                                  ": nothing else can stand on their edges"));
  }

  CellOperations operations;
  for (size_t e = 0; e < edges.size(); ++e) {
    const OpenEdge& edge = edges[e];
    operations[e] = edge.operation();
    EdgeDecision* const decision = trace->add_edges();
    decision->set_cell_kind(kind.name);
    decision->set_edge(static_cast<int>(e));
    decision->set_from(kind.edges[e].from);
    decision->set_to(kind.edges[e].to);
    for (size_t i = 0; i < edge.candidates.size(); ++i) {
      decision->add_candidates(kind.operations[edge.candidates[i]]);
      decision->add_probabilities(edge.probabilities[i]);
    }
    decision->set_operation(kind.operations[edge.operation()]);
    decision->set_score(edge.score());
    decision->set_kept(true);
  }
  if (CanonicalExpression(operations) == "0") {
    trace->add_notes("cell: nothing leads from its input to its output");
  }
  derivation.architecture = ToArchitecture(operations);
  return derivation;
}

}  // namespace pdarts::nasbench201
