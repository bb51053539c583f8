#include "pdarts/trainers/network_step.h"

#include <cmath>
#include <utility>
#include <vector>

#include "ATen/ops/_foreach_add.h"
#include "ATen/ops/_foreach_lerp.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/cross_entropy_loss.h"
#include "absl/strings/str_cat.h"
#include "c10/core/GradMode.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/masks.h"
#include "pdarts/core/network.h"
#include "pdarts/trainers/batch_parts.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts {
namespace {

/// For DeviceTotals: the only meter, and the only place that checks numbers.
constexpr int kMeter = 0, kLoss = 0;

/// The device of the network.
c10::Device DeviceOf(const Network& network) {
  const std::vector<at::Tensor> parameters = network.parameters();
  return parameters.empty() ? c10::Device(c10::kCPU) : parameters.front().device();
}

/// All parameters and buffers.
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
                         const TrainSettings& settings, uint64_t seed, Communicator& communicator)
    : network_(std::move(network)),
      average_(std::move(average)),
      settings_(settings),
      seed_(seed),
      parallel_(communicator, settings.synchronize_statistics()),
      optimizer_(network_->parameters(), settings.weights()),
      loss_scale_(settings.precision(), DeviceOf(*network_)),
      numbers_(DeviceOf(*network_)) {
  const c10::Device device = DeviceOf(*network_);
  if (!device.is_cpu()) totals_.emplace(device, /*meters=*/1, /*checks=*/1);
}

void NetworkStep::BeginAverage() {
  if (average_ == nullptr) return;
  c10::NoGradGuard no_grad;
  const std::vector<at::Tensor> sources = All(*network_), targets = All(*average_);
  for (size_t i = 0; i < targets.size(); ++i) targets[i].copy_(sources[i]);
}

absl::StatusOr<NetworkStep::Pass> NetworkStep::Train(const Batch& batch, double learning_rate,
                                                     double drop_path) {
  const std::vector<BatchPart> parts =
      parallel_.Parts(batch, LargestPart(settings_, batch.labels.size(0)));
  int64_t images = 0;
  for (const BatchPart& part : parts) images += part.all_images;
  Sums sums;
  int64_t first = 0;
  for (const BatchPart& part : parts) {
    ForwardContext context;
    context.drop_path = drop_path;
    context.communicator = parallel_.OfStatistics(part);
    context.masks =
        Masks({seed_, /*stage=*/0, batch.epoch, MaskStream::kWeights}, part.first_image);
    numbers_.Put(&context);
    AddPart(batch.images.narrow(0, first, part.images), batch.labels.narrow(0, first, part.images),
            part, parallel_.Share(part, images), context, &sums);
    first += part.images;
  }
  if (!parallel_.is_alone()) {
    PutIntoOneOrder(&sums.gradients);
    std::vector<at::Tensor> all = sums.gradients;
    all.insert(all.end(), {sums.loss, sums.total, sums.hits});
    parallel_.SumWithBuffers(std::move(all), network_->buffers());
  }
  if (is_on_device()) {
    totals_->Check(kLoss, {sums.total});
  } else if (const double value = sums.total.item<double>(); !std::isfinite(value)) {
    return absl::InternalError(absl::StrCat("the loss became ", value));
  }
  const at::Tensor stop =
      loss_scale_.Unscale(sums.gradients, is_on_device() ? totals_->stop() : at::Tensor());
  const double clip_norm = settings_.weights().clip_norm();
  if (clip_norm > 0) ClipNorm(sums.gradients, clip_norm);
  optimizer_.Begin(learning_rate);
  optimizer_.Move(sums.gradients, stop);
  if (average_ != nullptr) {
    c10::NoGradGuard no_grad;
    at::_foreach_lerp_(All(*average_), All(*network_), 1 - settings_.average_decay());
  }
  const Pass pass{sums.loss, at::cat(sums.logits), sums.hits, images};
  if (is_on_device()) {
    totals_->Add(kMeter, pass, batch.labels);
    ++unread_;
  }
  return pass;
}

std::optional<int64_t> NetworkStep::Read(Meter* meter) {
  if (!is_on_device() || unread_ == 0) return std::nullopt;
  unread_ = 0;
  const DeviceTotals::Reading reading = totals_->Read({kLoss});
  SetSums(reading.sums[kMeter], meter);
  if (!reading.failure) return std::nullopt;
  return reading.failure->checks_since - 1;
}

void NetworkStep::Restart(const Meter& meter) {
  if (!is_on_device()) return;
  unread_ = 0;
  if (meter.images() == 0) {
    totals_->Restart();
  } else {
    totals_->Restart({SumsOf(meter)});
  }
}

void NetworkStep::AddPart(const at::Tensor& images, const at::Tensor& labels, const BatchPart& part,
                          double share, const ForwardContext& context, Sums* sums) {
  const auto loss_of = [&](const at::Tensor& logits) {
    return at::cross_entropy_loss(logits, labels, /*weight=*/{}, at::Reduction::Mean,
                                  /*ignore_index=*/-100, settings_.label_smoothing());
  };
  const NetworkOutput output = network_->Forward(images, context);
  const at::Tensor loss = loss_of(output.logits);
  at::Tensor total = loss;
  if (output.auxiliary.defined()) {
    total = total + settings_.auxiliary_weight() * loss_of(output.auxiliary);
  }
  total = total * share;
  const std::vector<at::Tensor> parameters = network_->parameters();
  std::vector<at::Tensor> gradients =
      torch::autograd::grad({loss_scale_.Scale(total)}, parameters, /*grad_outputs=*/{},
                            /*retain_graph=*/std::nullopt, /*create_graph=*/false,
                            /*allow_unused=*/true);
  FillUndefined(parameters, &gradients);  // some feed only `none`
  c10::NoGradGuard no_grad;
  const at::Tensor logits = output.logits.detach();
  at::Tensor hits;
  if (!parallel_.is_alone()) hits = parallel_.Hits(part, logits, labels);
  sums->logits.push_back(logits);
  if (sums->gradients.empty()) {
    sums->gradients = std::move(gradients);
    sums->loss = loss.detach() * share;
    sums->total = total.detach();
    sums->hits = hits;
    return;
  }
  at::_foreach_add_(sums->gradients, gradients);
  sums->loss.add_(loss.detach(), share);
  sums->total.add_(total.detach());
  if (hits.defined()) sums->hits.add_(hits);
}

}  // namespace pdarts
