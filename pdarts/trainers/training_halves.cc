#include "pdarts/trainers/training_halves.h"

#include <cmath>

#include "ATen/ops/arange.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace pdarts {

absl::StatusOr<TrainingHalves> SplitTrainingImages(int64_t images, int64_t used, double share) {
  if (used > images) {
    return absl::InvalidArgumentError(absl::StrCat(
        "search.train_images: ", used, " images are requested, but the dataset has ", images));
  }
  if (used == 0) used = images;
  const auto weights = static_cast<int64_t>(std::floor(share * static_cast<double>(used)));
  if (weights < 1 || weights >= used) {
    return absl::InvalidArgumentError(absl::StrCat("search.weights_share: ", share, " of ", used,
                                                   " images leaves no image for the ",
                                                   weights < 1 ? "weights" : "alphas"));
  }
  return TrainingHalves{at::arange(weights, at::kLong), at::arange(weights, used, at::kLong)};
}

}  // namespace pdarts
