#ifndef PDARTS_TRAINERS_PRUNING_H_
#define PDARTS_TRAINERS_PRUNING_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// The result of pruning after a stage.
struct StagePruning {
  Candidates kept;
  /// A sentence without a period for each cell kind in which the schedule's choice was changed.
  std::vector<std::string> notes;
};

/// Prunes as the schedule states (docs/algorithm.md, "Stages and pruning"). If pruning would leave
/// only operations on an edge that may not be derived, the most probable other candidate (of equal
/// ones the later one) takes the place of the least probable one that was kept. Otherwise, a search
/// could end without an architecture. An edge without any candidate that may be derived stays as
/// the schedule left it. stage: from 0.
/// \error as ProgressiveSchedule::Prune.
absl::StatusOr<StagePruning> PruneStage(const Experiment& experiment, int stage,
                                        const Candidates& candidates,
                                        const EdgeProbabilities& probabilities);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_PRUNING_H_
