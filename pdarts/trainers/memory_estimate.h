#ifndef PDARTS_TRAINERS_MEMORY_ESTIMATE_H_
#define PDARTS_TRAINERS_MEMORY_ESTIMATE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "c10/core/Device.h"
#include "pdarts/base/memory_limits.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/training.h"
#include "pdarts/trainers/training_halves.h"

namespace pdarts {

class Network;

/// The number of images that the passes of a stage or a command hold at once, in one process; 0:
/// there is no such pass.
struct BatchSizes {
  int64_t training = 0;
  int64_t evaluation = 0;
  /// The maximum bytes that loaders hold besides the current batch: images that are read ahead.
  int64_t loading = 0;
  int64_t processes = 1;  ///< number of processes that share a batch
  /// Images of the last and smaller batch of an epoch, which a device computes beside the memory of
  /// the recorded steps; 0 if there is none.
  int64_t last = 0;
};

/// The batches of the stages of a search. A batch has the size in the spec, or all images of a half
/// if the half has fewer images. If the data are not available, `data` and `halves` are null, and
/// only the spec limits the batches. processes: each process has the largest share of a batch.
BatchSizes StageBatches(const SearchSettings& settings, const DatasetSplits* data,
                        const TrainingHalves* halves, int64_t processes = 1);

/// The batches of a training, by the same rules. `training` is the largest part of a batch that is
/// computed at once (LargestPart).
BatchSizes TrainingBatches(const TrainSettings& settings, const DatasetSplits* data,
                           int64_t processes = 1);

/// Whether the memory of networks can be estimated on a device. This is so on the CPU, and on a
/// device that has a DeviceMemory. The call may start the device. Throws c10::Error if the device
/// does not start.
bool HasMemoryEstimates(c10::Device device);

/// Memory as a linear function of the batch size, in bytes: the memory that the process allocates
/// in addition to its present memory. On the CPU, the present memory contains the program and the
/// dataset. On another device, the numbers are for the memory of the device, and the memory of the
/// host is not counted. The measurements of small batches get a margin, so that the process stays
/// below the estimate.
struct BatchMemory {
  double fixed = 0;                 ///< weights, alphas, statistics, optimizers, gradients
  double per_image = 0;             ///< of a training step, for each image of a batch
  double per_evaluation_image = 0;  ///< of an evaluation pass, for each image of a batch
  /// Whether the steps are recorded. The recording (a CUDA graph) keeps the memory of a step, so an
  /// evaluation or a smaller batch needs its memory in addition.
  bool records_steps = false;

  int64_t Bytes(const BatchSizes& batches) const;
  /// The largest batch that fits into `bytes`; 0 if no batch fits. If steps are recorded, it gets
  /// half of the memory, and the other passes get the other half.
  int64_t LargestBatch(int64_t bytes) const;
  int64_t LargestEvaluationBatch(int64_t bytes) const;
};

/// Whether a stage, a training, an evaluation or a benchmark fits into the memory, and how much it
/// needs. For one process.
struct MemoryEstimate {
  std::string what;  ///< "stage 1"
  /// The flags that set the batches: "--set=search.batch_size".
  std::string batch_flag;
  std::string evaluation_batch_flag;
  /// For a training that computes a batch in parts: the images of the batch. batch_flag then sets
  /// the number of parts.
  int64_t step_images = 0;
  /// For a training that computes a batch at once: the flag that would divide the batch into parts,
  /// and the bytes of an image, because a step holds the images of all its parts.
  std::string parts_flag;
  int64_t image_bytes = 0;

  BatchMemory batch_memory;
  BatchSizes batches;
  int64_t resident_bytes = 0;  ///< present memory of the process on the network's device
  MemoryPolicy policy;         ///< its limit is unset if there is no limit

  /// The peak of the memory of the process.
  int64_t PeakBytes() const { return resident_bytes + batch_memory.Bytes(batches); }
  /// \error kResourceExhausted if there is not enough free memory and swapping is not allowed. The
  /// message names the limit, the needed memory, the free memory, and the batches that would fit.
  absl::Status CheckFits() const;
};

/// The estimates measure the real networks, steps and passes with two small batches, on the device
/// that will compute, and extrapolate linearly. So they are valid for the operations of any plugin.
/// They need the time of a few small steps, and do not change a search or a training.
/// \error as SearchSpace::BuildSuperNet or BuildNetwork; kResourceExhausted if there is too little
/// memory for the smallest batches.

/// The estimate for a stage, for the dry run and for the start of the stage. candidates: of the
/// stage; only their numbers matter.
absl::StatusOr<MemoryEstimate> EstimateStageMemory(const Experiment& experiment, int stage,
                                                   const Candidates& candidates,
                                                   const BatchSizes& batches,
                                                   const MemoryPolicy& policy);

/// The estimate for a training and its evaluations.
absl::StatusOr<MemoryEstimate> EstimateTrainingMemory(const Training& training,
                                                      const BatchSizes& batches,
                                                      const MemoryPolicy& policy);

/// The estimate for evaluation passes of a network that is already on its device, with batches of
/// `batch` images.
/// \param what the purpose of the passes, for errors.
/// \param batch_flag the flag that sets the batch, for errors: "--batch".
absl::StatusOr<MemoryEstimate> EstimateEvaluationMemory(const std::string& what,
                                                        const std::string& batch_flag,
                                                        Network& network, const ImageShape& image,
                                                        int classes, int64_t batch,
                                                        const MemoryPolicy& policy);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_MEMORY_ESTIMATE_H_
