#ifndef PDARTS_TRAINERS_BATCH_PARTS_H_
#define PDARTS_TRAINERS_BATCH_PARTS_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "pdarts/core/training.pb.h"

namespace pdarts {

// TrainSettings::accumulate: the batch of an optimizer step is computed in parts.

/// The most images that a pass of training holds at once, when a step has `images` images.
inline int64_t LargestPart(const TrainSettings& settings, int64_t images) {
  if (settings.accumulate() == 1 || images == 0) return images;
  const int64_t parts = settings.accumulate();
  return std::min(images, (int64_t{settings.batch_size()} + parts - 1) / parts);
}

/// The sizes of the parts of a batch of `images` images, at least 1: no more parts than needed for
/// LargestPart, all of one size as nearly as possible, the larger ones first. So a last and smaller
/// batch of an epoch has fewer parts.
inline std::vector<int64_t> PartSizes(const TrainSettings& settings, int64_t images) {
  const int64_t largest = LargestPart(settings, images);
  const int64_t parts = (images + largest - 1) / largest;
  std::vector<int64_t> sizes(static_cast<size_t>(parts), images / parts);
  for (int64_t i = 0; i < images % parts; ++i) ++sizes[static_cast<size_t>(i)];
  return sizes;
}

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_BATCH_PARTS_H_
