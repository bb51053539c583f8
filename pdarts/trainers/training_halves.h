#ifndef PDARTS_TRAINERS_TRAINING_HALVES_H_
#define PDARTS_TRAINERS_TRAINING_HALVES_H_

#include <cstdint>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"

namespace pdarts {

/// Indices of the training images in the half of the weights and in the half of the alphas: `[N]`
/// int64 each.
struct TrainingHalves {
  at::Tensor weights;
  at::Tensor alphas;
};

/// Divides the first `used` of `images` training images (0: all) into two halves without shuffling.
/// The first `share` of them trains weights, and the rest trains alphas (docs/algorithm.md, "The
/// two halves of the training images").
/// \error kInvalidArgument if there are not enough images, or if a half would be empty.
absl::StatusOr<TrainingHalves> SplitTrainingImages(int64_t images, int64_t used, double share);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_TRAINING_HALVES_H_
