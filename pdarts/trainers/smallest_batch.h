#ifndef PDARTS_TRAINERS_SMALLEST_BATCH_H_
#define PDARTS_TRAINERS_SMALLEST_BATCH_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/training.h"

namespace pdarts {

// A batch normalization needs more than one value for each channel. If a network reduces its images
// to one pixel, it cannot train on a batch of one image. The functions try a pass to find this out,
// so they work for any space.

/// Images of the smallest batch if `images` are divided into batches of `batch_size`.
int64_t SmallestBatch(int64_t images, int64_t batch_size);

/// Whether every stage of a search can train on the smallest batches of its epochs. Builds networks
/// only if there is a batch of one image. images: in the training split; unset: unknown, and all
/// batches count as full. processes: that search together. If they do not synchronize statistics,
/// each process normalizes its share of a batch.
/// \error kInvalidArgument naming search.batch_size and the stage; errors of SplitTrainingImages
/// and SearchSpace::BuildSuperNet.
absl::Status CheckSmallestBatches(const Experiment& experiment, std::optional<int64_t> images,
                                  int64_t processes = 1);

/// As above, for a training on `images` images.
/// \error kInvalidArgument naming train.batch_size, train.accumulate (if a part of a larger batch
/// has one image), or train.auxiliary_weight (if only the auxiliary head cannot train on the
/// image); errors of SearchSpace::BuildNetwork.
absl::Status CheckSmallestBatch(const Training& training, int64_t images, int64_t processes = 1);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_SMALLEST_BATCH_H_
