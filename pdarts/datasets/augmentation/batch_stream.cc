#include "pdarts/datasets/augmentation/batch_stream.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "ATen/ops/arange.h"
#include "ATen/ops/randperm.h"
#include "ATen/ops/sort.h"
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
  CHECK(images_.scalar_type() == at::kLong && images_.dim() == 1);
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

absl::Status BatchStream::Restore(const at::Tensor& order, int64_t position,
                                  at::Generator generator) {
  if (!order.defined()) {  // saved before the first batch
    if (position != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("batch stream: position ", position, " without an order of the images"));
    }
  } else {
    if (order.scalar_type() != at::kLong || order.sizes() != images_.sizes()) {
      return absl::InvalidArgumentError(absl::StrCat("batch stream: the order must be int64 [",
                                                     images_.size(0), "], as many as the images"));
    }
    if (!std::get<0>(order.sort()).equal(std::get<0>(images_.sort()))) {
      return absl::InvalidArgumentError(
          "batch stream: the order does not hold each of the images once");
    }
    if (position < 0 || position > order.size(0)) {
      return absl::InvalidArgumentError(
          absl::StrCat("batch stream: position ", position, " is not in [0, ", order.size(0), "]"));
    }
  }
  order_ = order.defined() ? order.clone() : order;
  position_ = position;
  generator_ = std::move(generator);
  return absl::OkStatus();
}

}  // namespace pdarts
