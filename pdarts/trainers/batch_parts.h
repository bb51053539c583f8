#ifndef PDARTS_TRAINERS_BATCH_PARTS_H_
#define PDARTS_TRAINERS_BATCH_PARTS_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "pdarts/core/training.pb.h"
#include "pdarts/datasets/loader/loader.h"

namespace pdarts {

// The parts of a batch of an optimizer step (TrainSettings::accumulate).

/// The largest number of images that a pass of training holds at once, if a step has `images`
/// images.
inline int64_t LargestPart(const TrainSettings& settings, int64_t images) {
  if (settings.accumulate() == 1 || images == 0) return images;
  const int64_t parts = settings.accumulate();
  return std::min(images, (int64_t{settings.batch_size()} + parts - 1) / parts);
}

/// The sizes of the parts of a batch of `images` images, each at least 1. A last and smaller batch
/// of an epoch has fewer parts.
inline std::vector<int64_t> PartSizes(const TrainSettings& settings, int64_t images) {
  return PartSizes(images, LargestPart(settings, images));
}

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_BATCH_PARTS_H_
