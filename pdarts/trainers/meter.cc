#include "pdarts/trainers/meter.h"

#include <algorithm>
#include <tuple>

#include "ATen/ops/stack.h"
#include "ATen/ops/tensor.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {

at::Tensor CountHits(const at::Tensor& logits, const at::Tensor& labels) {
  const int64_t k = std::min<int64_t>(5, logits.size(1));
  const at::Tensor best = std::get<1>(logits.topk(k, 1));
  const at::Tensor hits = best.eq(labels.unsqueeze(1));
  return at::stack({hits.select(1, 0).sum(), hits.sum()});
}

Meter::Meter(const MeterState& state)
    : loss_(state.loss()),
      top1_(state.top1()),
      top5_(state.top5()),
      images_(state.images()),
      known_images_(state.images()) {}

void Meter::Add(const at::Tensor& loss, const at::Tensor& logits, const at::Tensor& labels) {
  AddHits(loss, CountHits(logits, labels), labels.size(0));
}

void Meter::AddHits(const at::Tensor& loss, const at::Tensor& hits, int64_t images) {
  const at::Tensor numbers = hits.to(at::kCPU, at::kDouble);
  loss_ += loss.item<double>() * static_cast<double>(images);
  top1_ += numbers.const_data_ptr<double>()[0];
  top5_ += numbers.const_data_ptr<double>()[1];
  images_ += images;
  known_images_ += images;
}

void Meter::SetSums(double loss, double top1, double top5) {
  loss_ = loss;
  top1_ = top1;
  top5_ = top5;
  known_images_ = images_;
}

absl::Status Meter::Sum(Communicator& communicator) {
  const at::Tensor sums =
      at::tensor({loss_, top1_, top5_, static_cast<double>(images_)}, at::kDouble);
  PDARTS_RETURN_IF_ERROR(communicator.AllReduce({sums}));
  const double* const sum = sums.const_data_ptr<double>();
  loss_ = sum[0];
  top1_ = sum[1];
  top5_ = sum[2];
  images_ = known_images_ = static_cast<int64_t>(sum[3]);
  return absl::OkStatus();
}

Accuracy Meter::Mean() const {
  const double n = known_images_ > 0 ? static_cast<double>(known_images_) : 1;
  return {100 * top1_ / n, 100 * top5_ / n, loss_ / n};
}

MeterState Meter::State() const {
  MeterState state;
  state.set_loss(loss_);
  state.set_top1(top1_);
  state.set_top5(top5_);
  state.set_images(images_);
  return state;
}

}  // namespace pdarts
