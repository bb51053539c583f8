#include "pdarts/datasets/augmentation/batch_stream.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ATen/ops/arange.h"
#include "ATen/ops/randperm.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"

namespace pdarts {

absl::StatusOr<TrainingHalves> SplitTrainingImages(int64_t images, int64_t used, double share) {
  if (used > images) {
    return absl::InvalidArgumentError(
        absl::StrCat("search.train_images: ", used, " are asked for, the dataset has ", images));
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

BatchStream::BatchStream(at::Tensor images, int64_t batch_size, at::Generator generator)
    : images_(std::move(images)), batch_size_(batch_size), generator_(std::move(generator)) {
  CHECK_GT(images_.size(0), 0);
  CHECK_GT(batch_size_, 0);
}

void BatchStream::BeginEpoch() {
  order_ = images_.index_select(0, at::randperm(images_.size(0), generator_, at::kLong));
  position_ = 0;
}

at::Tensor BatchStream::Next() {
  if (!order_.defined() || position_ >= order_.size(0)) BeginEpoch();
  const int64_t end = std::min(order_.size(0), position_ + batch_size_);
  const at::Tensor batch = order_.slice(0, position_, end);
  position_ = end;
  return batch;
}

void BatchStream::Restore(at::Tensor order, int64_t position, at::Generator generator) {
  CHECK_EQ(order.size(0), images_.size(0));
  order_ = std::move(order);
  position_ = position;
  generator_ = std::move(generator);
}

}  // namespace pdarts
