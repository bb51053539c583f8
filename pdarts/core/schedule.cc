#include "pdarts/core/schedule.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {

StageShape ProgressiveSchedule::stage(int stage) const {
  CHECK(stage >= 0 && stage < num_stages()) << "stage " << stage << " of " << num_stages();
  return DoStage(stage);
}

absl::Status ProgressiveSchedule::Check(const Topology& topology, const Candidates& initial) const {
  if (num_stages() < 1) return absl::InvalidArgumentError("the schedule has no stages");
  for (size_t k = 0; k < topology.kinds.size(); ++k) {
    const CellKind& kind = topology.kinds[k];
    size_t fewest = kind.operations.size();
    for (const EdgeCandidates& edge : initial[k]) fewest = std::min(fewest, edge.size());
    auto alive = static_cast<int>(fewest);
    for (int s = 0; s < num_stages(); ++s) {
      const StageShape shape = stage(s);
      const std::string where = absl::StrCat("schedule.stages[", s, "]");
      if (shape.cells < 1 || shape.channels < 1 || shape.epochs < 1) {
        return absl::InvalidArgumentError(absl::StrCat(where, ": cells ", shape.cells,
                                                       ", channels ", shape.channels, ", epochs ",
                                                       shape.epochs, " must all be positive"));
      }
      if (shape.warmup_epochs < 0 || shape.warmup_epochs > shape.epochs) {
        return absl::InvalidArgumentError(
            absl::StrCat(where, ".warmup_epochs: ", shape.warmup_epochs, " is not in [0, ",
                         shape.epochs, "], the stage's epochs"));
      }
      if (shape.keep < 1 || shape.keep > alive) {
        return absl::InvalidArgumentError(
            absl::StrCat(where, ".keep: ", shape.keep, " is not in [1, ", alive,
                         "], the candidates that a ", kind.name, " edge has in that stage"));
      }
      alive = shape.keep;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Candidates> ProgressiveSchedule::Prune(
    int stage, const Candidates& candidates, const EdgeProbabilities& probabilities) const {
  PDARTS_RETURN_IF_ERROR(CheckProbabilities(candidates, probabilities));
  return DoPrune(stage, candidates, probabilities);
}

absl::StatusOr<Candidates> ProgressiveSchedule::DoPrune(
    int stage, const Candidates& candidates, const EdgeProbabilities& probabilities) const {
  return KeepMostProbable(candidates, probabilities, this->stage(stage).keep);
}

}  // namespace pdarts
