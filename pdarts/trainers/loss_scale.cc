#include "pdarts/trainers/loss_scale.h"

#include "ATen/ops/_amp_foreach_non_finite_check_and_unscale.h"
#include "ATen/ops/_amp_update_scale.h"
#include "ATen/ops/full.h"
#include "ATen/ops/maximum.h"
#include "ATen/ops/zeros.h"
#include "absl/strings/str_cat.h"
#include "c10/core/GradMode.h"

namespace pdarts {
namespace {

constexpr double kGrowth = 2;
constexpr double kBackoff = 0.5;

}  // namespace

LossScale::LossScale(Precision precision, c10::Device device) {
  if (precision != FLOAT16) return;
  const at::TensorOptions options = at::TensorOptions().dtype(at::kFloat).device(device);
  scale_ = at::full({}, kFirst, options);
  steps_ = at::zeros({}, options.dtype(at::kInt));
  found_inf_ = at::zeros({}, options);
}

at::Tensor LossScale::Scale(const at::Tensor& loss) const {
  return scales() ? loss.mul(scale_) : loss;
}

at::Tensor LossScale::Unscale(const std::vector<at::Tensor>& gradients, const at::Tensor& stop) {
  if (!scales()) return stop;
  c10::NoGradGuard no_grad;
  found_inf_.zero_();
  // The scale is a power of two, so its reciprocal is exact.
  at::_amp_foreach_non_finite_check_and_unscale_(gradients, found_inf_, scale_.reciprocal());
  at::_amp_update_scale_(scale_, steps_, found_inf_, kGrowth, kBackoff, kGrowthSteps);
  return stop.defined() ? at::maximum(found_inf_, stop) : found_inf_;
}

absl::Status LossScale::Check() const {
  if (!scales()) return absl::OkStatus();
  const double scale = scale_.item<double>();
  if (scale >= kSmallest) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("the scale of the loss fell to ", scale,
                   ", because the gradients are not finite in FLOAT16 (BFLOAT16 has the range of "
                   "FLOAT32),"));
}

}  // namespace pdarts
