#include "pdarts/trainers/network_step.h"

#include <cmath>
#include <utility>
#include <vector>

#include "ATen/ops/_foreach_add.h"
#include "ATen/ops/_foreach_lerp.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/cross_entropy_loss.h"
#include "ATen/ops/zeros.h"
#include "ATen/ops/zeros_like.h"
#include "absl/strings/str_cat.h"
#include "c10/core/GradMode.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/masks.h"
#include "pdarts/core/network.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/trainers/batch_parts.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts {
namespace {

/// Parameters and buffers.
std::vector<at::Tensor> All(const Network& network) {
  std::vector<at::Tensor> all = network.parameters();
  for (const at::Tensor& buffer : network.buffers()) all.push_back(buffer);
  return all;
}

}  // namespace

absl::StatusOr<std::shared_ptr<Network>> BuildTrainedNetwork(const Training& training,
                                                             c10::Device device,
                                                             const at::Generator& weights) {
  PDARTS_ASSIGN_OR_RETURN(
      std::shared_ptr<Network> network,
      training.space->BuildNetwork(training.architecture, training.Shape(), weights));
  network->to(device, training.backend.parameters);
  return network;
}

NetworkStep::NetworkStep(std::shared_ptr<Network> network, std::shared_ptr<Network> average,
                         const TrainSettings& settings, uint64_t seed)
    : network_(std::move(network)),
      average_(std::move(average)),
      settings_(settings),
      seed_(seed),
      optimizer_(network_->parameters(), settings.weights()) {}

void NetworkStep::BeginAverage() {
  if (average_ == nullptr) return;
  c10::NoGradGuard no_grad;
  const std::vector<at::Tensor> sources = All(*network_), targets = All(*average_);
  for (size_t i = 0; i < targets.size(); ++i) targets[i].copy_(sources[i]);
}

absl::StatusOr<NetworkStep::Pass> NetworkStep::Train(const Batch& batch, double learning_rate,
                                                     double drop_path) {
  const int64_t images = batch.labels.size(0);
  std::vector<at::Tensor> gradients, logits;
  at::Tensor loss = at::zeros({}, batch.images.options().requires_grad(false));
  int64_t first = 0;
  for (const int64_t size : PartSizes(settings_, images)) {
    Batch part;
    part.images = batch.images.narrow(0, first, size);
    part.labels = batch.labels.narrow(0, first, size);
    part.epoch = batch.epoch;
    part.first_image = batch.first_image + first;
    const double share = static_cast<double>(size) / static_cast<double>(images);
    PDARTS_ASSIGN_OR_RETURN(const Pass pass, AddGradients(part, share, drop_path, &gradients));
    loss.add_(pass.loss, share);
    logits.push_back(pass.logits);
    first += size;
  }
  ClipNorm(gradients, settings_.weights().clip_norm());
  optimizer_.Step(gradients, learning_rate);
  if (average_ != nullptr) {
    c10::NoGradGuard no_grad;
    at::_foreach_lerp_(All(*average_), All(*network_), 1 - settings_.average_decay());
  }
  return Pass{loss, at::cat(logits)};
}

absl::StatusOr<NetworkStep::Pass> NetworkStep::AddGradients(const Batch& part, double share,
                                                            double drop_path,
                                                            std::vector<at::Tensor>* sum) {
  const auto loss_of = [&](const at::Tensor& logits) {
    return at::cross_entropy_loss(logits, part.labels, /*weight=*/{}, at::Reduction::Mean,
                                  /*ignore_index=*/-100, settings_.label_smoothing());
  };
  ForwardContext context;
  context.drop_path = drop_path;
  context.masks = Masks({seed_, /*stage=*/0, part.epoch, MaskStream::kWeights}, part.first_image);
  const NetworkOutput output = network_->Forward(part.images, context);
  const at::Tensor loss = loss_of(output.logits);
  at::Tensor total = loss;
  if (output.auxiliary.defined()) {
    total = total + settings_.auxiliary_weight() * loss_of(output.auxiliary);
  }
  if (const double value = total.item<double>(); !std::isfinite(value)) {
    return absl::InternalError(absl::StrCat("the loss became ", value));
  }
  const std::vector<at::Tensor> parameters = network_->parameters();
  std::vector<at::Tensor> gradients =
      torch::autograd::grad({total * share}, parameters, /*grad_outputs=*/{},
                            /*retain_graph=*/std::nullopt, /*create_graph=*/false,
                            /*allow_unused=*/true);
  for (size_t i = 0; i < gradients.size(); ++i) {  // what only feeds `none` has no gradient
    if (!gradients[i].defined()) gradients[i] = at::zeros_like(parameters[i]);
  }
  if (sum->empty()) {
    *sum = std::move(gradients);
  } else {
    c10::NoGradGuard no_grad;
    at::_foreach_add_(*sum, gradients);
  }
  return Pass{loss.detach(), output.logits.detach()};
}

}  // namespace pdarts
