#include "pdarts/trainers/data_parallel.h"

#include "ATen/ops/_foreach_div.h"
#include "absl/strings/str_cat.h"
#include "c10/core/GradMode.h"
#include "pdarts/core/communication_error.h"

namespace pdarts {

std::vector<BatchPart> DataParallel::Parts(const Batch& batch, int64_t largest) const {
  if (!batch.parts.empty()) return batch.parts;
  std::vector<BatchPart> parts;
  int64_t first = batch.first_image;
  for (const int64_t size : PartSizes(batch.labels.size(0), largest)) {
    parts.push_back({size, size, first, /*is_shared=*/false});
    first += size;
  }
  return parts;
}

double DataParallel::Share(const BatchPart& part, int64_t all_images) const {
  if (!part.is_shared && !counts_once()) return 0;
  return static_cast<double>(part.images) / static_cast<double>(all_images);
}

at::Tensor DataParallel::Hits(const BatchPart& part, const at::Tensor& logits,
                              const at::Tensor& labels) const {
  const at::Tensor hits = CountHits(logits, labels).to(logits.scalar_type());
  return part.is_shared || counts_once() ? hits : hits.mul(0);
}

void DataParallel::Sum(const std::vector<at::Tensor>& tensors) const {
  if (!is_alone()) AllReduceOrThrow(*communicator_, tensors);
}

void DataParallel::SumWithBuffers(std::vector<at::Tensor> tensors,
                                  const std::vector<at::Tensor>& buffers) const {
  if (is_alone()) return;
  if (!synchronize_statistics_ && !buffers.empty()) {
    const c10::NoGradGuard no_grad;
    at::_foreach_div_(buffers, communicator_->size());
    tensors.insert(tensors.end(), buffers.begin(), buffers.end());
  }
  Sum(tensors);
}

void PutIntoOneOrder(std::vector<at::Tensor>* gradients) {
  for (at::Tensor& gradient : *gradients) gradient = gradient.contiguous();
}

absl::Status CheckShares(absl::string_view field, int64_t images,
                         const Communicator& communicator) {
  if (images >= communicator.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": ", images, images == 1 ? " image" : " images", " at a time for ",
                   communicator.size(), " processes; each process needs at least one image"));
}

int64_t ScoredImages(const PassScore& score, const at::Tensor& labels) {
  return score.hits.defined() ? score.images : labels.size(0);
}

void AddScore(const PassScore& score, const at::Tensor& labels, Meter* meter) {
  if (score.hits.defined()) {
    meter->AddHits(score.loss, score.hits, score.images);
  } else {
    meter->Add(score.loss, score.logits, labels);
  }
}

}  // namespace pdarts
