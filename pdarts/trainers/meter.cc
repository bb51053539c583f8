#include "pdarts/trainers/meter.h"

#include <algorithm>
#include <tuple>

namespace pdarts {

Meter::Meter(const MeterState& state)
    : loss_(state.loss()), top1_(state.top1()), top5_(state.top5()), images_(state.images()) {}

void Meter::Add(const at::Tensor& loss, const at::Tensor& logits, const at::Tensor& labels) {
  const int64_t n = labels.size(0);
  const int64_t k = std::min<int64_t>(5, logits.size(1));
  const at::Tensor best = std::get<1>(logits.topk(k, 1));
  const at::Tensor hits = best.eq(labels.unsqueeze(1));
  loss_ += loss.item<double>() * static_cast<double>(n);
  top1_ += hits.select(1, 0).sum().item<double>();
  top5_ += hits.sum().item<double>();
  images_ += n;
}

Accuracy Meter::Mean() const {
  const double n = images_ > 0 ? static_cast<double>(images_) : 1;
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
