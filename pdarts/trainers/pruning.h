#ifndef PDARTS_TRAINERS_PRUNING_H_
#define PDARTS_TRAINERS_PRUNING_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// What a stage leaves.
struct StagePruning {
  Candidates kept;
  /// A sentence without a period for each cell kind in which the schedule's choice was changed.
  std::vector<std::string> notes;
};

/// Prunes as the schedule says (docs/algorithm.md, "Stages and pruning"). If that leaves an edge
/// nothing that the space may derive, the most probable candidate that may be derived (of equals
/// the later one) takes the place of the least probable one that was kept: a search could otherwise
/// end without an architecture. An edge that holds nothing that may be derived to begin with stays
/// as the schedule left it.
/// stage: from 0. \error as ProgressiveSchedule::Prune.
absl::StatusOr<StagePruning> PruneStage(const Experiment& experiment, int stage,
                                        const Candidates& candidates,
                                        const EdgeProbabilities& probabilities);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_PRUNING_H_
