#include "pdarts/trainers/evaluation.h"

#include <vector>

#include "ATen/ops/arange.h"
#include "ATen/ops/bincount.h"
#include "ATen/ops/cross_entropy_loss.h"
#include "ATen/ops/zeros.h"
#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "c10/core/GradMode.h"
#include "pdarts/datasets/augmentation/augmentation.h"

namespace pdarts {

absl::Status CheckMeasurable(const DatasetSplits& data) {
  if (data.test.images.size(0) > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      data.source,
      " holds no test images, which networks are measured on: the test split is empty"));
}

std::optional<Evaluation> Evaluate(Network& network, const ImageSplit& split,
                                   const DatasetInfo& info, int64_t batch_size, c10::Device device,
                                   const std::function<bool()>& stop) {
  c10::NoGradGuard no_grad;
  const bool was_training = network.is_training();
  network.eval();
  const absl::Cleanup back = [&] { network.train(was_training); };
  const auto classes = static_cast<int64_t>(info.class_names.size());
  const std::vector<at::Tensor> parameters = network.parameters();
  const at::ScalarType dtype = parameters.empty() ? at::kFloat : parameters.front().scalar_type();
  at::Tensor counts = at::zeros({classes * classes}, at::kLong);
  Meter meter;
  for (const at::Tensor& indices : at::arange(split.images.size(0), at::kLong).split(batch_size)) {
    if (stop && stop()) return std::nullopt;
    const Batch batch = MakeEvaluationBatch(split, indices, info, dtype);
    const at::Tensor labels = batch.labels.to(device);
    const at::Tensor logits = network.Forward(batch.images.to(device)).logits;
    meter.Add(at::cross_entropy_loss(logits, labels), logits, labels);
    const at::Tensor guesses = logits.argmax(1).to(at::kCPU);
    counts.add_(at::bincount(batch.labels.mul(classes).add_(guesses), {}, classes * classes));
  }
  return Evaluation{meter.Mean(), meter.images(), counts.view({classes, classes})};
}

}  // namespace pdarts
