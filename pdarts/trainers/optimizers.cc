#include "pdarts/trainers/optimizers.h"

#include <cmath>
#include <optional>
#include <utility>

#include "ATen/ops/_foreach_add.h"
#include "ATen/ops/_foreach_mul.h"
#include "ATen/ops/_foreach_norm.h"
#include "ATen/ops/_fused_adam.h"
#include "ATen/ops/_fused_sgd.h"
#include "ATen/ops/empty_like.h"
#include "ATen/ops/linalg_vector_norm.h"
#include "ATen/ops/stack.h"
#include "ATen/ops/zeros.h"
#include "ATen/ops/zeros_like.h"
#include "c10/core/GradMode.h"
#include "glog/logging.h"

namespace pdarts {
namespace {

std::vector<at::Tensor> ZerosLike(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> zeros;
  for (const at::Tensor& tensor : tensors) zeros.push_back(at::zeros_like(tensor.detach()));
  return zeros;
}

/// The gradient in the memory order of the parameter, with the same strides.
at::Tensor InOrderOf(const at::Tensor& parameter, const at::Tensor& gradient) {
  if (gradient.strides() == parameter.strides()) return gradient;
  if (parameter.is_contiguous()) {
    const at::Tensor ordered = gradient.contiguous();
    // Two contiguous tensors may have different strides in dimensions of size 1.
    return ordered.strides() == parameter.strides()
               ? ordered
               : ordered.as_strided(parameter.sizes(), parameter.strides());
  }
  CHECK(parameter.is_non_overlapping_and_dense());
  return at::empty_like(parameter).copy_(gradient);
}

/// LibTorch's fused steps go through parameters and gradients in memory order. On the CPU, they
/// ignore that a gradient has another order, such as the gradient of a convolution of channels-last
/// images. On CUDA, they refuse other strides.
std::vector<at::Tensor> InParameterOrder(const std::vector<at::Tensor>& gradients,
                                         const std::vector<at::Tensor>& parameters) {
  CHECK_EQ(gradients.size(), parameters.size());
  std::vector<at::Tensor> ordered;
  ordered.reserve(gradients.size());
  for (size_t i = 0; i < gradients.size(); ++i) {
    ordered.push_back(InOrderOf(parameters[i], gradients[i]));
  }
  return ordered;
}

/// An optional argument of LibTorch's fused steps.
std::optional<at::Tensor> IfDefined(const at::Tensor& tensor) {
  return tensor.defined() ? std::optional<at::Tensor>(tensor) : std::nullopt;
}

}  // namespace

double CosineLearningRate(const SgdSettings& settings, double epoch, int epochs) {
  const double last = settings.final_learning_rate();
  return last + 0.5 * (settings.learning_rate() - last) * (1 + std::cos(M_PI * epoch / epochs));
}

at::Tensor ClipNorm(const std::vector<at::Tensor>& gradients, double max_norm) {
  c10::NoGradGuard no_grad;
  const at::Tensor norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients, 2)));
  if (max_norm > 0) {
    at::_foreach_mul_(gradients, norm.add(1e-6).reciprocal().mul(max_norm).clamp_max(1));
  }
  return norm;
}

void FillUndefined(const std::vector<at::Tensor>& parameters, std::vector<at::Tensor>* gradients) {
  CHECK_EQ(parameters.size(), gradients->size());
  constexpr int64_t kAlignment = 64;  // elements; kernels read whole vectors of an aligned tensor
  const auto place = [&](const at::Tensor& parameter) {
    return (parameter.numel() + kAlignment - 1) / kAlignment * kAlignment;
  };
  const at::Tensor* first = nullptr;
  int64_t size = 0;
  for (size_t i = 0; i < gradients->size(); ++i) {
    if ((*gradients)[i].defined()) continue;
    CHECK(parameters[i].is_non_overlapping_and_dense());
    if (first == nullptr) first = &parameters[i];
    CHECK(first->scalar_type() == parameters[i].scalar_type());
    size += place(parameters[i]);
  }
  if (first == nullptr) return;
  const at::Tensor zeros = at::zeros({size}, first->options().requires_grad(false));
  int64_t begin = 0;
  for (size_t i = 0; i < gradients->size(); ++i) {
    if ((*gradients)[i].defined()) continue;
    (*gradients)[i] = zeros.as_strided(parameters[i].sizes(), parameters[i].strides(), begin);
    begin += place(parameters[i]);
  }
}

Sgd::Sgd(std::vector<at::Tensor> parameters, const SgdSettings& settings)
    : parameters_(std::move(parameters)), settings_(settings), momentum_(ZerosLike(parameters_)) {
  if (parameters_.empty()) return;
  const at::Tensor& first = parameters_.front();
  // LibTorch takes the rate as a float32 number, which would round the rate of float64 parameters.
  if (first.device().is_cpu() || first.scalar_type() != at::kFloat) return;
  rate_on_device_ = at::zeros({}, first.options().requires_grad(false));
}

void Sgd::Step(const std::vector<at::Tensor>& gradients, double learning_rate) {
  Begin(learning_rate);
  Move(gradients);
}

void Sgd::TryStep(const std::vector<at::Tensor>& gradients, double learning_rate) const {
  std::vector<at::Tensor> momentum;
  for (const at::Tensor& buffer : momentum_) momentum.push_back(buffer.clone());
  Move(gradients, momentum, learning_rate, /*rate_on_device=*/{}, /*is_first_step=*/steps_ == 0,
       /*stop=*/{});
}

void Sgd::Begin(double learning_rate) {
  // At the beginning, both the tensor and learning_rate_ are 0.
  if (rate_on_device_.defined() && learning_rate != learning_rate_) {
    c10::NoGradGuard no_grad;
    rate_on_device_.fill_(learning_rate);
  }
  learning_rate_ = learning_rate;
  ++steps_;
}

double Sgd::Reach(double learning_rate) const {
  return settings_.nesterov() ? learning_rate * (1 + settings_.momentum()) : learning_rate;
}

void Sgd::Move(const std::vector<at::Tensor>& gradients, const at::Tensor& stop) const {
  CHECK_GT(steps_, 0) << "no step was begun";
  Move(gradients, momentum_, learning_rate_, rate_on_device_, /*is_first_step=*/steps_ == 1, stop);
}

void Sgd::Move(const std::vector<at::Tensor>& gradients, const std::vector<at::Tensor>& momentum,
               double learning_rate, const at::Tensor& rate_on_device, bool is_first_step,
               const at::Tensor& stop) const {
  c10::NoGradGuard no_grad;
  // LibTorch refuses buffers that it would not use.
  const std::vector<at::Tensor> none;
  const auto move = [&](const auto& rate) {
    at::_fused_sgd_(parameters_, InParameterOrder(gradients, parameters_),
                    settings_.momentum() > 0 ? momentum : none, settings_.weight_decay(),
                    settings_.momentum(), rate, /*dampening=*/0, settings_.nesterov(),
                    /*maximize=*/false, is_first_step, /*grad_scale=*/{}, IfDefined(stop));
  };
  if (rate_on_device.defined()) {
    move(rate_on_device);
  } else {
    move(learning_rate);
  }
}

Adam::Adam(std::vector<at::Tensor> parameters, const AdamSettings& settings)
    : parameters_(std::move(parameters)),
      settings_(settings),
      means_(ZerosLike(parameters_)),
      squares_(ZerosLike(parameters_)) {
  for (const at::Tensor& parameter : parameters_) {
    steps_.push_back(at::zeros({}, parameter.options().dtype(at::kFloat).requires_grad(false)));
  }
}

void Adam::Step(const std::vector<at::Tensor>& gradients, const at::Tensor& stop) {
  c10::NoGradGuard no_grad;
  at::_foreach_add_(steps_, 1);
  at::_fused_adam_(parameters_, InParameterOrder(gradients, parameters_), means_, squares_,
                   /*max_exp_avg_sqs=*/{}, steps_, settings_.learning_rate(), settings_.beta1(),
                   settings_.beta2(), settings_.weight_decay(), settings_.epsilon(),
                   /*amsgrad=*/false,
                   /*maximize=*/false, /*grad_scale=*/{}, IfDefined(stop));
  if (stop.defined()) at::_foreach_add_(steps_, stop, /*alpha=*/-1);
}

}  // namespace pdarts
