#include "pdarts/spaces/darts/derivation.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/derivation_trace.h"
#include "pdarts/core/operation_limits.h"
#include "pdarts/spaces/darts/cells.h"

namespace pdarts::darts {
namespace {

/// The derivation of one cell kind.
class CellDerivation : public EdgeChoice {
 public:
  CellDerivation(const CellKind& kind, const CellCandidates& candidates,
                 const std::vector<std::vector<double>>& probabilities,
                 const DerivationRules& rules)
      : kind_(kind), candidates_(candidates), probabilities_(probabilities), rules_(rules) {
    const int none = OperationIndex(kind, kNone);
    for (const EdgeCandidates& edge : candidates) {
      std::vector<bool>& allowed = allowed_.emplace_back();
      for (int operation : edge) allowed.push_back(rules.allow_none || operation != none);
    }
  }

  absl::Status Run(const std::vector<OperationLimit>& limits, DerivationTrace* trace) {
    for (int e = 0; e < NumEdges(); ++e) {
      if (NumAllowed(e) == 0) {
        return NothingButNone(kind_, e);
      }
    }
    Choose();
    NoteNone(trace);
    KeepLimits(kind_, CellName(), limits, this, trace);
    for (int e = 0; e < NumEdges(); ++e) {
      RecordEdge(kind_, e, candidates_[e], probabilities_[e], chosen_[e], kept_[e], trace);
    }
    return absl::OkStatus();
  }

  void Write(CellArchitecture* cell) const {
    cell->set_kind(kind_.name);
    for (int node = kInputNodes; node < kNodes; ++node) {
      std::vector<int> edges;
      for (int e : EdgesInto(node)) {
        if (kept_[e]) edges.push_back(e);
      }
      if (rules_.best_edge_first) {
        // If two edges are equal, the later one is better, as in the choice of edges.
        std::reverse(edges.begin(), edges.end());
        std::stable_sort(edges.begin(), edges.end(),
                         [this](int a, int b) { return Score(a) > Score(b); });
      }
      for (int e : edges) {
        ArchitectureEdge* const edge = cell->add_edges();
        edge->set_from(kind_.edges[e].from);
        edge->set_to(node);
        edge->set_operation(kind_.operations[Operation(e)]);
      }
      cell->add_concat(node);
    }
  }

 private:
  // EdgeChoice:
  int NumEdges() const override { return static_cast<int>(candidates_.size()); }
  int Operation(int edge) const override {
    return kept_[edge] ? candidates_[edge][chosen_[edge]] : -1;
  }
  double Score(int edge) const override { return probabilities_[edge][chosen_[edge]]; }
  bool HasOtherThanNone(int edge) const override {
    for (size_t i = 0; i < allowed_[edge].size(); ++i) {
      if (!allowed_[edge][i] || static_cast<int>(i) == chosen_[edge]) continue;
      if (kind_.operations[candidates_[edge][i]] != kNone) return true;
    }
    return false;
  }
  void TakeAway(int edge) override {
    allowed_[edge][chosen_[edge]] = false;
    Choose();
  }

  std::string CellName() const { return absl::StrCat(kind_.name, " cell"); }
  int NumAllowed(int edge) const {
    return static_cast<int>(std::count(allowed_[edge].begin(), allowed_[edge].end(), true));
  }

  std::vector<int> EdgesInto(int node) const {
    std::vector<int> edges;
    for (int e = 0; e < NumEdges(); ++e) {
      if (kind_.edges[e].to == node) edges.push_back(e);
    }
    return edges;
  }

  /// Chooses the best operation of each edge and the two best edges of each node. Among equal ones,
  /// the later one is chosen.
  void Choose() {
    chosen_.assign(NumEdges(), -1);
    kept_.assign(NumEdges(), false);
    for (int e = 0; e < NumEdges(); ++e) {
      for (size_t i = 0; i < allowed_[e].size(); ++i) {
        if (!allowed_[e][i]) continue;
        if (chosen_[e] < 0 || probabilities_[e][i] >= Score(e)) chosen_[e] = static_cast<int>(i);
      }
    }
    for (int node = kInputNodes; node < kNodes; ++node) {
      std::vector<int> order = EdgesInto(node);
      std::stable_sort(order.begin(), order.end(),
                       [this](int a, int b) { return Score(a) < Score(b); });
      for (size_t i = order.size() - kKeptEdges; i < order.size(); ++i) kept_[order[i]] = true;
    }
  }

  void NoteNone(DerivationTrace* trace) const {
    const int none = OperationIndex(kind_, kNone);
    if (rules_.allow_none) return;
    std::vector<int> edges;
    for (int e = 0; e < NumEdges(); ++e) {
      for (size_t i = 0; i < candidates_[e].size(); ++i) {
        if (candidates_[e][i] == none && probabilities_[e][i] > Score(e)) edges.push_back(e);
      }
    }
    NoteNonePreferred(CellName(), kind_, edges, trace);
  }

  const CellKind& kind_;
  const CellCandidates& candidates_;
  const std::vector<std::vector<double>>& probabilities_;
  const DerivationRules& rules_;
  std::vector<std::vector<bool>> allowed_;  ///< [edge][candidate] whether it may still be chosen
  std::vector<int> chosen_;                 ///< [edge] index of the chosen candidate
  std::vector<bool> kept_;                  ///< [edge]
};

}  // namespace

absl::StatusOr<Derivation> DeriveGenotype(const Candidates& candidates,
                                          const EdgeProbabilities& probabilities,
                                          const DerivationOptions& options,
                                          const DerivationRules& rules) {
  Derivation derivation;
  const Topology& topology = DartsTopology();
  for (size_t k = 0; k < topology.kinds.size(); ++k) {
    CellDerivation cell(topology.kinds[k], candidates[k], probabilities[k], rules);
    PDARTS_RETURN_IF_ERROR(cell.Run(options.limits, &derivation.trace));
    cell.Write(derivation.architecture.add_cells());
  }
  return derivation;
}

}  // namespace pdarts::darts
