#include "pdarts/core/edge_choices.h"

#include "pdarts/core/derivation_trace.h"
#include "pdarts/core/operation_limits.h"

namespace pdarts {
namespace {

/// One edge and the operations that may still be chosen for it.
struct OpenEdge {
  const EdgeCandidates& candidates;
  const std::vector<double>& probabilities;
  std::vector<bool> allowed;  ///< [candidate]
  int chosen = -1;            ///< index among the candidates; -1 if nothing is allowed

  int operation() const { return candidates[chosen]; }
  double score() const { return probabilities[chosen]; }
  /// Whether the edge could hold another operation than the chosen one, except `none`. none: its
  /// number among the operations of the kind, or -1.
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

/// The choice as KeepLimits changes it.
class OpenEdges : public EdgeChoice {
 public:
  OpenEdges(const CellKind& kind, std::vector<OpenEdge>* edges)
      : none_(OperationIndex(kind, "none")), edges_(*edges) {}

  int NumEdges() const override { return static_cast<int>(edges_.size()); }
  int Operation(int edge) const override { return edges_[edge].operation(); }
  double Score(int edge) const override { return edges_[edge].score(); }
  bool HasOtherThanNone(int edge) const override { return edges_[edge].HasOtherThanNone(none_); }
  void TakeAway(int edge) override {
    edges_[edge].allowed[edges_[edge].chosen] = false;
    edges_[edge].Choose();
  }

 private:
  const int none_;
  std::vector<OpenEdge>& edges_;
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
  OpenEdges choice(kind, &edges);
  KeepLimits(kind, kind.name, options.limits, &choice, trace);

  std::vector<int> operations;
  for (size_t e = 0; e < edges.size(); ++e) {
    const OpenEdge& edge = edges[e];
    operations.push_back(edge.operation());
    RecordEdge(kind, e, edge.candidates, edge.probabilities, edge.chosen, /*kept=*/true, trace);
  }
  return operations;
}

}  // namespace pdarts
