#include "pdarts/trainers/pruning.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/edge_name.h"

namespace pdarts {
namespace {

/// The index among `edge` of its most probable candidate that may be derived; -1 if there is none.
int BestDerivable(const SearchSpace& space, const CellKind& kind, const EdgeCandidates& edge,
                  const std::vector<double>& probabilities) {
  int best = -1;
  for (size_t i = 0; i < edge.size(); ++i) {
    if (!space.MayDerive(kind.operations[edge[i]])) continue;
    if (best < 0 || probabilities[i] >= probabilities[best]) best = static_cast<int>(i);
  }
  return best;
}

/// Replaces the least probable element of `kept` by `operation`.
void ReplaceLeastProbable(const EdgeCandidates& edge, const std::vector<double>& probabilities,
                          int operation, EdgeCandidates* kept) {
  const auto probability = [&](int of) {
    return probabilities[std::find(edge.begin(), edge.end(), of) - edge.begin()];
  };
  *std::min_element(kept->begin(), kept->end(),
                    [&](int a, int b) { return probability(a) < probability(b); }) = operation;
  std::sort(kept->begin(), kept->end());
}

}  // namespace

absl::StatusOr<StagePruning> PruneStage(const Experiment& experiment, int stage,
                                        const Candidates& candidates,
                                        const EdgeProbabilities& probabilities) {
  const SearchSpace& space = *experiment.space;
  StagePruning pruning;
  PDARTS_ASSIGN_OR_RETURN(pruning.kept,
                          experiment.schedule->Prune(stage, candidates, probabilities));
  for (size_t k = 0; k < pruning.kept.size(); ++k) {
    const CellKind& kind = space.topology().kinds[k];
    std::vector<int> changed;
    for (size_t e = 0; e < pruning.kept[k].size(); ++e) {
      const EdgeCandidates& edge = candidates[k][e];
      EdgeCandidates& kept = pruning.kept[k][e];
      if (std::any_of(kept.begin(), kept.end(),
                      [&](int operation) { return space.MayDerive(kind.operations[operation]); })) {
        continue;
      }
      const int best = BestDerivable(space, kind, edge, probabilities[k][e]);
      if (best < 0) continue;  // a checkpoint of an earlier version may hold such an edge
      ReplaceLeastProbable(edge, probabilities[k][e], edge[best], &kept);
      changed.push_back(static_cast<int>(e));
    }
    if (changed.empty()) continue;
    pruning.notes.push_back(absl::StrCat(
        "stage ", stage + 1, ": on the ", kind.name, " ", EdgeNames(kind, changed),
        " the stage would have left only ", absl::StrJoin(space.underivable_operations(), ", "),
        ", which may not be derived; the most probable other candidate stays instead"));
  }
  return pruning;
}

}  // namespace pdarts
