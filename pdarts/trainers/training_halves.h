#ifndef PDARTS_TRAINERS_TRAINING_HALVES_H_
#define PDARTS_TRAINERS_TRAINING_HALVES_H_

#include <cstdint>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"

namespace pdarts {

/// Indices of the training images that train the weights and the alphas: `[N]` int64 each.
struct TrainingHalves {
  at::Tensor weights;
  at::Tensor alphas;
};

/// Cuts the first `used` of `images` training images (0: all) in two without shuffling: the first
/// `share` of them trains weights, the rest alphas (docs/algorithm.md, "The two halves of the
/// training images").
/// \error kInvalidArgument if there aren't that many images or a half would be empty.
absl::StatusOr<TrainingHalves> SplitTrainingImages(int64_t images, int64_t used, double share);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_TRAINING_HALVES_H_
