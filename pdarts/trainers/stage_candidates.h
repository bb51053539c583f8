#ifndef PDARTS_TRAINERS_STAGE_CANDIDATES_H_
#define PDARTS_TRAINERS_STAGE_CANDIDATES_H_

#include <cstddef>
#include <functional>

#include "absl/status/statusor.h"
#include "pdarts/core/experiment.h"

namespace pdarts {

// Candidates that a stage could begin with, for what has to be known of it before the search has
// chosen them. Those of the first stage are known. \error as SearchSpace::InitialCandidates.

/// Candidates of each edge are taken away one by one until as many are left as the stage before
/// keeps. drop: the place of the one to take away, of `size`.
absl::StatusOr<Candidates> StageCandidates(const Experiment& experiment, int stage,
                                           const std::function<size_t(size_t size)>& drop);

/// If the search kept the first, or the last, ones of each edge. In the shipped spaces these are
/// the ones with the fewest and the most weights.
absl::StatusOr<Candidates> FirstCandidates(const Experiment& experiment, int stage);
absl::StatusOr<Candidates> LastCandidates(const Experiment& experiment, int stage);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_STAGE_CANDIDATES_H_
