#ifndef PDARTS_TRAINERS_MEMORY_ESTIMATE_H_
#define PDARTS_TRAINERS_MEMORY_ESTIMATE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "pdarts/core/experiment.h"

namespace pdarts {

/// Memory of a stage on the CPU, in bytes, as a line over the batch size: what its tensors hold at
/// most, or the process where libraries take memory of their own, without the program and the
/// dataset.
struct MemoryEstimate {
  double fixed = 0;                 ///< weights, alphas, statistics, optimisers, gradients
  double per_image = 0;             ///< of a training step, for each image of a batch
  double per_evaluation_image = 0;  ///< of an evaluation pass, likewise

  /// At the batch sizes of `settings`.
  int64_t Bytes(const SearchSettings& settings) const;
  /// The largest training batch that fits into `bytes`; 0 if none does.
  int64_t LargestBatch(int64_t bytes) const;
};

/// Measures a stage's super-network at two small batches and draws the line through them, so that
/// it holds for any plugin's operations. Takes as long as a few small steps and changes nothing of
/// a search. candidates: of the stage, any of the right number. \error as
/// SearchSpace::BuildSuperNet.
absl::StatusOr<MemoryEstimate> EstimateStageMemory(const Experiment& experiment, int stage,
                                                   const Candidates& candidates);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_MEMORY_ESTIMATE_H_
