#include "pdarts/trainers/stage_candidates.h"

#include <cstdint>

#include "pdarts/base/status_macros.h"

namespace pdarts {

absl::StatusOr<Candidates> StageCandidates(const Experiment& experiment, int stage,
                                           const std::function<size_t(size_t size)>& drop) {
  PDARTS_ASSIGN_OR_RETURN(Candidates candidates, experiment.space->InitialCandidates());
  if (stage == 0) return candidates;
  const auto keep = static_cast<size_t>(experiment.schedule->stage(stage - 1).keep);
  for (CellCandidates& kind : candidates) {
    for (EdgeCandidates& edge : kind) {
      while (edge.size() > keep) {
        edge.erase(edge.begin() + static_cast<int64_t>(drop(edge.size())));
      }
    }
  }
  return candidates;
}

absl::StatusOr<Candidates> FirstCandidates(const Experiment& experiment, int stage) {
  return StageCandidates(experiment, stage, [](size_t size) { return size - 1; });
}

absl::StatusOr<Candidates> LastCandidates(const Experiment& experiment, int stage) {
  return StageCandidates(experiment, stage, [](size_t) { return 0; });
}

}  // namespace pdarts
