#include "pdarts/trainers/optimizers.h"

#include <cmath>
#include <utility>

#include "ATen/ops/_foreach_mul.h"
#include "ATen/ops/_foreach_norm.h"
#include "ATen/ops/_fused_adam.h"
#include "ATen/ops/_fused_sgd.h"
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

/// LibTorch's fused steps walk through parameters and gradients in memory order, and take no notice
/// of gradients whose order is another one, such as a convolution's of channels-last images.
std::vector<at::Tensor> InParameterOrder(const std::vector<at::Tensor>& gradients,
                                         const std::vector<at::Tensor>& parameters) {
  CHECK_EQ(gradients.size(), parameters.size());
  std::vector<at::Tensor> ordered;
  for (size_t i = 0; i < gradients.size(); ++i) {
    CHECK(parameters[i].is_contiguous());
    ordered.push_back(gradients[i].contiguous());
  }
  return ordered;
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

Sgd::Sgd(std::vector<at::Tensor> parameters, const SgdSettings& settings)
    : parameters_(std::move(parameters)), settings_(settings), momentum_(ZerosLike(parameters_)) {}

void Sgd::Step(const std::vector<at::Tensor>& gradients, double learning_rate) {
  Move(gradients, learning_rate, momentum_);
  ++steps_;
}

void Sgd::TryStep(const std::vector<at::Tensor>& gradients, double learning_rate) const {
  std::vector<at::Tensor> momentum;
  for (const at::Tensor& buffer : momentum_) momentum.push_back(buffer.clone());
  Move(gradients, learning_rate, momentum);
}

double Sgd::Reach(double learning_rate) const {
  return settings_.nesterov() ? learning_rate * (1 + settings_.momentum()) : learning_rate;
}

void Sgd::Move(const std::vector<at::Tensor>& gradients, double learning_rate,
               const std::vector<at::Tensor>& momentum) const {
  c10::NoGradGuard no_grad;
  // LibTorch refuses buffers that it wouldn't use.
  const std::vector<at::Tensor> none;
  at::_fused_sgd_(parameters_, InParameterOrder(gradients, parameters_),
                  settings_.momentum() > 0 ? momentum : none, settings_.weight_decay(),
                  settings_.momentum(), learning_rate, /*dampening=*/0, settings_.nesterov(),
                  /*maximize=*/false, /*is_first_step=*/steps_ == 0);
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

void Adam::Step(const std::vector<at::Tensor>& gradients) {
  c10::NoGradGuard no_grad;
  for (at::Tensor& step : steps_) step.add_(1);
  at::_fused_adam_(parameters_, InParameterOrder(gradients, parameters_), means_, squares_,
                   /*max_exp_avg_sqs=*/{}, steps_, settings_.learning_rate(), settings_.beta1(),
                   settings_.beta2(), settings_.weight_decay(), settings_.epsilon(),
                   /*amsgrad=*/false,
                   /*maximize=*/false);
}

}  // namespace pdarts
