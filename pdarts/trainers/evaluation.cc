#include "pdarts/trainers/evaluation.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ATen/ops/arange.h"
#include "ATen/ops/cross_entropy_loss.h"
#include "ATen/ops/empty.h"
#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "c10/core/GradMode.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/masks.h"
#include "pdarts/core/network.h"
#include "pdarts/datasets/augmentation/augmentation.h"

namespace pdarts {

std::vector<int64_t> CountRight(const at::Tensor& labels, const at::Tensor& guesses, int classes) {
  std::vector<int64_t> right(classes, 0);
  const auto label = labels.accessor<int64_t, 1>(), guess = guesses.accessor<int64_t, 1>();
  for (int64_t i = 0; i < label.size(0); ++i) right[label[i]] += label[i] == guess[i] ? 1 : 0;
  return right;
}

absl::Status CheckMeasurable(const DatasetSplits& data) {
  if (data.test.images.size(0) > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      data.source,
      " holds no test images, which networks are measured on: the test split is empty. ",
      "Add some; a data set that has the field dataset.test_share can also set training images "
      "apart"));
}

absl::StatusOr<Evaluation> Evaluate(Network& network, const ImageSplit& split,
                                    const DatasetInfo& info, int64_t batch_size, c10::Device device,
                                    const std::function<bool()>& stop) {
  c10::NoGradGuard no_grad;
  const bool was_training = network.is_training();
  network.eval();
  const absl::Cleanup back = [&] { network.train(was_training); };
  const std::vector<at::Tensor> parameters = network.parameters();
  const at::ScalarType dtype = parameters.empty() ? at::kFloat : parameters.front().scalar_type();
  const int64_t images = split.images.size(0);
  Meter meter;
  const at::Tensor guesses = at::empty({images}, at::kLong);
  for (int64_t first = 0; first < images; first += batch_size) {
    if (stop && stop()) return absl::CancelledError("measuring was stopped as asked");
    const int64_t end = std::min(images, first + batch_size);
    const Batch batch = MakeEvaluationBatch(split, at::arange(first, end, at::kLong), info, dtype);
    const at::Tensor labels = batch.labels.to(device);
    ForwardContext context;
    context.masks = Masks(MaskKey(), first);
    const at::Tensor logits = network.Forward(batch.images.to(device), context).logits;
    meter.Add(at::cross_entropy_loss(logits, labels), logits, labels);
    guesses.slice(0, first, end).copy_(logits.argmax(1));
  }
  const Accuracy accuracy = meter.Mean();
  if (!std::isfinite(accuracy.loss)) {
    return absl::InternalError(absl::StrCat(
        "the loss on the test images is ", std::isnan(accuracy.loss) ? "NaN" : "infinite",
        ": the network's outputs are not finite, so its accuracy means nothing"));
  }
  return Evaluation{accuracy, guesses};
}

}  // namespace pdarts
