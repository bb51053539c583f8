#ifndef PDARTS_TRAINERS_SMALLEST_BATCH_H_
#define PDARTS_TRAINERS_SMALLEST_BATCH_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/training.h"

namespace pdarts {

// A batch normalization needs more than one value for each channel. Where a network narrows its
// images down to one pixel, it can't train on a batch of one image. Whether it does is tried, so
// that this holds for any space.

/// Images of the smallest batch when `images` are cut into batches of `batch_size`.
int64_t SmallestBatch(int64_t images, int64_t batch_size);

/// Whether every stage of a search can train on the smallest batches of its epochs. Builds networks
/// only where a batch of one image occurs.
/// images: in the training split; unset: unknown, then all batches are taken to be full.
/// processes: that search together. Where they do not synchronize statistics, a process's share of
/// a batch is what is normalized. \error kInvalidArgument naming search.batch_size and the stage;
/// errors of SplitTrainingImages and SearchSpace::BuildSuperNet.
absl::Status CheckSmallestBatches(const Experiment& experiment, std::optional<int64_t> images,
                                  int64_t processes = 1);

/// The same for a training on `images` images.
/// \error kInvalidArgument naming train.batch_size, or train.accumulate if a part of a larger batch
/// has one image, and train.auxiliary_weight if only the auxiliary head is in the way; errors of
/// SearchSpace::BuildNetwork.
absl::Status CheckSmallestBatch(const Training& training, int64_t images, int64_t processes = 1);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_SMALLEST_BATCH_H_
