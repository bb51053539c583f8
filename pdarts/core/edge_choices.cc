#include "pdarts/core/edge_choices.h"

#include <algorithm>

#include "pdarts/core/derivation_trace.h"

namespace pdarts {
namespace {

/// One edge and what may still be chosen on it.
struct OpenEdge {
  const EdgeCandidates& candidates;
  const std::vector<double>& probabilities;
  std::vector<bool> allowed;  ///< [candidate]
  int chosen = -1;            ///< place among the candidates; -1 if nothing is allowed

  int operation() const { return candidates[chosen]; }
  double score() const { return probabilities[chosen]; }
  /// Whether it could hold something else than what is chosen, `none` not counted.
  /// none: its number among the kind's operations, or -1.
  bool HasOtherThanNone(int none) const {
    for (size_t i = 0; i < candidates.size(); ++i) {
      if (allowed[i] && static_cast<int>(i) != chosen && candidates[i] != none) return true;
    }
    return false;
  }

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
  std::vector<bool> stays;  ///< [edge] which has no other operation than `none`

  int Count(const std::vector<OpenEdge>& edges) const {
    return static_cast<int>(std::count_if(edges.begin(), edges.end(), [&](const OpenEdge& edge) {
      return edge.operation() == operation;
    }));
  }

  /// Takes the operation off the edge where it is least probable. Returns whether there was
  /// anything to do.
  bool Step(const CellKind& kind, std::vector<OpenEdge>& edges, DerivationTrace* trace) {
    const int count = Count(edges);
    if (count <= limit.max) return false;
    int weakest = -1;
    for (size_t e = 0; e < edges.size(); ++e) {
      if (edges[e].operation() != operation || stays[e]) continue;
      if (weakest < 0 || edges[e].score() < edges[weakest].score()) weakest = static_cast<int>(e);
    }
    if (weakest < 0) return false;
    OpenEdge& edge = edges[weakest];
    LimitStep* const step = RecordLimitStep(limit, count, weakest, edge.score(), trace);
    step->set_stays(!edge.HasOtherThanNone(OperationIndex(kind, "none")));
    if (!step->stays()) {
      edge.allowed[edge.chosen] = false;
      edge.Choose();
    } else {
      stays[weakest] = true;
    }
    step->set_replacement(kind.operations[edge.operation()]);
    return true;
  }
};

}  // namespace

absl::StatusOr<std::vector<int>> ChooseOnEveryEdge(
    const CellKind& kind, const CellCandidates& candidates,
    const std::vector<std::vector<double>>& probabilities, const DerivationOptions& options,
    bool allow_none, DerivationTrace* trace) {
  const int none = OperationIndex(kind, "none");
  std::vector<OpenEdge> edges;
  std::vector<int> without_none;
  for (size_t e = 0; e < candidates.size(); ++e) {
    OpenEdge& edge = edges.emplace_back(OpenEdge{candidates[e], probabilities[e], {}});
    edge.allowed.assign(edge.candidates.size(), true);
    edge.Choose();
    if (allow_none || none < 0) continue;
    const bool preferred_none = edge.operation() == none;
    for (size_t i = 0; i < edge.candidates.size(); ++i) {
      edge.allowed[i] = edge.candidates[i] != none;
    }
    edge.Choose();
    if (edge.chosen < 0) return NothingButNone(kind, e);
    if (preferred_none) without_none.push_back(static_cast<int>(e));
  }
  NoteNonePreferred(kind.name, kind, without_none, trace);
  std::vector<OpenLimit> limits;
  for (const OperationLimit& limit : options.limits) {
    if (limit.cell_kind != kind.name) continue;
    limits.push_back(
        {limit, OperationIndex(kind, limit.operation), std::vector<bool>(edges.size(), false)});
  }
  // A step for one limit may break another one: start over after each.
  for (size_t i = 0; i < limits.size();) i = limits[i].Step(kind, edges, trace) ? 0 : i + 1;
  for (const OpenLimit& limit : limits) {
    NoteLimitMissed(kind.name, limit.limit, limit.Count(edges), trace);
  }

  std::vector<int> operations;
  for (size_t e = 0; e < edges.size(); ++e) {
    const OpenEdge& edge = edges[e];
    operations.push_back(edge.operation());
    RecordEdge(kind, e, edge.candidates, edge.probabilities, edge.chosen, /*kept=*/true, trace);
  }
  return operations;
}

}  // namespace pdarts
