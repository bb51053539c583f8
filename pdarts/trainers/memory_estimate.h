#ifndef PDARTS_TRAINERS_MEMORY_ESTIMATE_H_
#define PDARTS_TRAINERS_MEMORY_ESTIMATE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "c10/core/Device.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/memory_limits.h"
#include "pdarts/core/training.h"
#include "pdarts/trainers/training_halves.h"

namespace pdarts {

class Network;

/// How many images the passes of a stage or a command hold at once, on one process; 0: there is no
/// such pass.
struct BatchSizes {
  int64_t training = 0;
  int64_t evaluation = 0;
  /// What loaders may hold beside the batch that is computed, in bytes: images that are read ahead.
  int64_t loading = 0;
  int64_t processes = 1;  ///< that share a batch
};

/// The batches of a search's stages: those of the spec, or all images of a half where they are
/// fewer. Where the data are not at hand, `data` and `halves` are null, and only the spec limits
/// the batches. processes: each has the largest share of a batch.
BatchSizes StageBatches(const SearchSettings& settings, const DatasetSplits* data,
                        const TrainingHalves* halves, int64_t processes = 1);

/// The batches of a training, likewise; `training` is the largest part of a batch that is computed
/// at once (LargestPart).
BatchSizes TrainingBatches(const TrainSettings& settings, const DatasetSplits* data,
                           int64_t processes = 1);

/// Whether forecasts can measure what networks take on a device: on the CPU, and on a device that
/// has a DeviceMemory. It may start the device. Throws c10::Error if the device does not start.
bool HasForecasts(c10::Device device);

/// Memory as a line over the batch size, in bytes: what the process takes in addition to what it
/// holds already. On the CPU, the process holds the program and the dataset already. On another
/// device, the memory is the device's, and the host's memory is not counted. What is measured at
/// small batches has a margin added, so that the process stays below it.
struct MemoryEstimate {
  double fixed = 0;                 ///< weights, alphas, statistics, optimizers, gradients
  double per_image = 0;             ///< of a training step, for each image of a batch
  double per_evaluation_image = 0;  ///< of an evaluation pass, likewise

  int64_t Bytes(const BatchSizes& batches) const;
  /// The largest batch that fits into `bytes`; 0 if none does.
  int64_t LargestBatch(int64_t bytes) const;
  int64_t LargestEvaluationBatch(int64_t bytes) const;
};

/// Whether a stage, a training, an evaluation or a benchmark will fit, and what it needs: of one
/// process.
struct MemoryForecast {
  std::string what;  ///< "stage 1"
  /// The flags that set the batches: "--set=search.batch_size".
  std::string batch_flag;
  std::string evaluation_batch_flag;
  /// Of a training that computes a batch in parts: the images of the batch. batch_flag sets the
  /// number of parts then.
  int64_t step_images = 0;
  /// Of a training that computes a batch at once: the flag that would divide it into parts, and the
  /// bytes of an image, because a step holds the images of all its parts.
  std::string parts_flag;
  int64_t image_bytes = 0;

  MemoryEstimate estimate;
  BatchSizes batches;
  int64_t resident_bytes = 0;  ///< what the process holds already, on the device of the network
  MemoryPolicy policy;         ///< its limit is the one that holds, unset if there is none

  /// What the process holds at most.
  int64_t PeakBytes() const { return resident_bytes + estimate.Bytes(batches); }
  /// \error kResourceExhausted if the memory is not free and swapping is not allowed: names the
  /// limit, what is needed, what is free, and the batches that would fit.
  absl::Status CheckFits() const;
};

/// Forecasts measure the real networks, steps and passes at two small batches, on the device that
/// will compute, and draw a line through them, so that they hold for the operations of any plugin.
/// They take as long as a few small steps and change nothing of a search or a training. \error as
/// SearchSpace::BuildSuperNet or BuildNetwork; kResourceExhausted if the smallest batches need more
/// memory than there is.

/// Of a stage: the dry run and the start of a stage both ask here. candidates: of the stage, any of
/// the right number.
absl::StatusOr<MemoryForecast> ForecastStage(const Experiment& experiment, int stage,
                                             const Candidates& candidates,
                                             const BatchSizes& batches, const MemoryPolicy& policy);

/// Of a training and the evaluations in it.
absl::StatusOr<MemoryForecast> ForecastTraining(const Training& training, const BatchSizes& batches,
                                                const MemoryPolicy& policy);

/// Of evaluation passes of a network that is on its device already, over batches of `batch` images.
/// \param what what the passes belong to, for errors.
/// \param batch_flag the flag that sets the batch, for errors: "--batch".
absl::StatusOr<MemoryForecast> ForecastEvaluation(const std::string& what,
                                                  const std::string& batch_flag, Network& network,
                                                  const ImageShape& image, int classes,
                                                  int64_t batch, const MemoryPolicy& policy);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_MEMORY_ESTIMATE_H_
