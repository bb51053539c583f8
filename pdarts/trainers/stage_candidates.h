#ifndef PDARTS_TRAINERS_STAGE_CANDIDATES_H_
#define PDARTS_TRAINERS_STAGE_CANDIDATES_H_

#include <cstddef>
#include <functional>

#include "absl/status/statusor.h"
#include "pdarts/core/experiment.h"

namespace pdarts {

// Possible candidates of a stage, for estimates before the search has chosen them. For the first
// stage, they are the candidates of the search. \error as SearchSpace::InitialCandidates.

/// Removes candidates of each edge one by one, until the number is the one that the previous stage
/// keeps. drop: the index of the candidate to remove, of `size` candidates.
absl::StatusOr<Candidates> StageCandidates(const Experiment& experiment, int stage,
                                           const std::function<size_t(size_t size)>& drop);

/// The candidates of a stage if the search kept the first, or the last, candidates of each edge. In
/// the shipped spaces, these have the fewest and the most weights.
absl::StatusOr<Candidates> FirstCandidates(const Experiment& experiment, int stage);
absl::StatusOr<Candidates> LastCandidates(const Experiment& experiment, int stage);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_STAGE_CANDIDATES_H_
