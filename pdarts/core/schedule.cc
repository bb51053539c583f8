#include "pdarts/core/schedule.h"

#include <algorithm>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

/// Whether `kept` has `keep` of the candidates of each edge, in their order.
absl::Status CheckKept(const Candidates& candidates, const Candidates& kept, int keep) {
  if (kept.size() != candidates.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(kept.size(), " cell kinds of ", candidates.size()));
  }
  for (size_t k = 0; k < candidates.size(); ++k) {
    if (kept[k].size() != candidates[k].size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("cell kind ", k, ": ", kept[k].size(), " edges of ", candidates[k].size()));
    }
    for (size_t e = 0; e < candidates[k].size(); ++e) {
      const EdgeCandidates &before = candidates[k][e], &after = kept[k][e];
      const std::string where = absl::StrCat("cell kind ", k, " edge ", e);
      if (after.size() != static_cast<size_t>(keep)) {
        return absl::InvalidArgumentError(
            absl::StrCat(where, " keeps ", after.size(), " candidates, expected ", keep));
      }
      const bool ascending =
          std::adjacent_find(after.begin(), after.end(), std::greater_equal<>()) == after.end();
      if (!ascending || !std::includes(before.begin(), before.end(), after.begin(), after.end())) {
        return absl::InvalidArgumentError(absl::StrCat(
            where,
            " keeps an operation that is not one of its candidates, or changes their order"));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

StageShape ProgressiveSchedule::stage(int stage) const {
  CHECK(stage >= 0 && stage < num_stages()) << "stage " << stage << " of " << num_stages();
  return DoStage(stage);
}

absl::Status ProgressiveSchedule::Check(const Topology& topology, const Candidates& initial) const {
  PDARTS_RETURN_IF_ERROR(CheckCandidates(topology, initial));
  if (num_stages() < 1) return absl::InvalidArgumentError("the schedule has no stages");
  for (size_t k = 0; k < topology.kinds.size(); ++k) {
    const CellKind& kind = topology.kinds[k];
    size_t fewest = kind.operations.size();
    for (const EdgeCandidates& edge : initial[k]) fewest = std::min(fewest, edge.size());
    auto kept = static_cast<int>(fewest);
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
      if (shape.keep < 1 || shape.keep > kept) {
        return absl::InvalidArgumentError(
            absl::StrCat(where, ".keep: ", shape.keep, " is not in [1, ", kept,
                         "], the candidates that a ", kind.name, " edge has in that stage"));
      }
      kept = shape.keep;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Candidates> ProgressiveSchedule::Prune(
    int stage, const Candidates& candidates, const EdgeProbabilities& probabilities) const {
  if (stage < 0 || stage >= num_stages()) {
    return absl::InvalidArgumentError(
        absl::StrCat("stage ", stage, " is not in [0, ", num_stages(), ")"));
  }
  PDARTS_RETURN_IF_ERROR(CheckProbabilities(candidates, probabilities));
  PDARTS_ASSIGN_OR_RETURN(Candidates kept, DoPrune(stage, candidates, probabilities));
  const absl::Status fits = CheckKept(candidates, kept, this->stage(stage).keep);
  if (!fits.ok()) {
    return Fault(absl::StrCat("pruned wrongly after stage ", stage + 1, ": ", fits.message()));
  }
  return kept;
}

absl::StatusOr<Candidates> ProgressiveSchedule::DoPrune(
    int stage, const Candidates& candidates, const EdgeProbabilities& probabilities) const {
  return KeepMostProbable(candidates, probabilities, this->stage(stage).keep);
}

}  // namespace pdarts
