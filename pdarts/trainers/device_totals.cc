#include "pdarts/trainers/device_totals.h"

#include "ATen/ops/_amp_foreach_non_finite_check_and_unscale.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/ones.h"
#include "ATen/ops/tensor.h"
#include "ATen/ops/zeros.h"
#include "c10/core/GradMode.h"
#include "glog/logging.h"

namespace pdarts {
namespace {

constexpr int64_t kSums = 3;  // loss, top-1, top-5

}  // namespace

DeviceTotals::DeviceTotals(c10::Device device, int meters, int checks)
    : meters_(meters),
      checks_(checks),
      totals_(at::zeros({kSums * meters + checks}, at::TensorOptions(device).dtype(at::kDouble))),
      stop_(at::zeros({}, at::TensorOptions(device).dtype(at::kFloat))),
      one_(at::ones({}, at::TensorOptions(device).dtype(at::kFloat))) {
  for (int m = 0; m < meters_; ++m) sums_.push_back(totals_.narrow(0, kSums * m, kSums));
  for (int c = 0; c < checks_; ++c) counts_.push_back(totals_.select(0, kSums * meters_ + c));
}

void DeviceTotals::Check(int check, const std::vector<at::Tensor>& numbers) {
  const c10::NoGradGuard no_grad;
  // This operator of loss scaling multiplies the numbers by `one_`, and sets `stop_` to 1 if a
  // number is not finite.
  at::_amp_foreach_non_finite_check_and_unscale_(numbers, stop_, one_);
  counts_[check].add_(stop_);
}

void DeviceTotals::Add(int meter, const PassScore& score, const at::Tensor& labels) {
  const c10::NoGradGuard no_grad;
  const at::Tensor hits = score.hits.defined() ? score.hits : CountHits(score.logits, labels);
  const auto images = static_cast<double>(ScoredImages(score, labels));
  // In float64 and in this order, as in the meter.
  const at::Tensor loss = score.loss.to(at::kDouble).mul(images);
  sums_[meter].add_(at::cat({loss.view({1}), hits.to(at::kDouble)}));
}

void DeviceTotals::Restart(const std::vector<Sums>& sums) {
  const c10::NoGradGuard no_grad;
  totals_.zero_();
  if (sums.empty()) return;
  CHECK_EQ(static_cast<int>(sums.size()), meters_);
  std::vector<double> values;
  for (const Sums& of : sums) values.insert(values.end(), {of.loss, of.top1, of.top5});
  totals_.narrow(0, 0, kSums * meters_).copy_(at::tensor(values, at::kDouble));
}

DeviceTotals::Reading DeviceTotals::Read(const std::vector<int>& order) const {
  const at::Tensor host = totals_.to(at::kCPU);
  const double* const value = host.const_data_ptr<double>();
  Reading reading;
  for (int m = 0; m < meters_; ++m) {
    const double* const sums = value + kSums * m;
    reading.sums.push_back({sums[0], sums[1], sums[2]});
  }
  // All checks after the failure count too. If two places have the same count, the failure is at
  // the place that comes first in a step.
  for (const int check : order) {
    const auto since = static_cast<int64_t>(value[kSums * meters_ + check]);
    if (since > (reading.failure ? reading.failure->checks_since : 0)) {
      reading.failure = Failure{check, since};
    }
  }
  return reading;
}

DeviceTotals::Sums SumsOf(const Meter& meter) {
  const MeterState state = meter.State();
  return {state.loss(), state.top1(), state.top5()};
}

void SetSums(const DeviceTotals::Sums& sums, Meter* meter) {
  meter->SetSums(sums.loss, sums.top1, sums.top5);
}

}  // namespace pdarts
