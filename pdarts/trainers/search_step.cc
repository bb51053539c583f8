#include "pdarts/trainers/search_step.h"

#include <cmath>
#include <utility>

#include "ATen/ops/empty_like.h"
#include "ATen/ops/isfinite.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/super_net.h"
#include "pdarts/trainers/unrolled.h"

namespace pdarts {
namespace {

/// The meters in DeviceTotals.
enum TotalsMeter { kWeightMeter, kAlphaMeter, kMeters };
/// The places of a step that check numbers.
enum NumberCheck { kWeightLoss, kAlphaLoss, kAlphaValues, kChecks };

constexpr const char* kNotFinite[kChecks] = {"the loss of the weights is not a finite number",
                                             "the loss of the alphas is not a finite number",
                                             "an alpha is not a finite number"};

/// The checks of a step, in their order.
std::vector<int> CheckOrder(const SearchSettings& settings) {
  return settings.step_order() == ALPHAS_FIRST
             ? std::vector<int>{kAlphaLoss, kAlphaValues, kWeightLoss}
             : std::vector<int>{kWeightLoss, kAlphaLoss, kAlphaValues};
}

absl::Status CheckLoss(const GradientResult& pass, absl::string_view of) {
  const double loss = pass.loss.item<double>();
  if (std::isfinite(loss)) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("the loss of the ", of, " became ", loss));
}

/// The recorder of the steps; null if they cannot be recorded.
std::shared_ptr<GraphRecorder> RecorderFor(const at::Tensor& alpha, const DataParallel& parallel,
                                           const SearchSettings& settings) {
  // For float64, the host passes a learning rate to each step (Sgd).
  if (!parallel.is_alone() || alpha.scalar_type() != at::kFloat) return nullptr;
  return settings.cuda_graphs() == OFF ? nullptr : MakeGraphRecorder(alpha.device());
}

}  // namespace

SearchStep::OnDevice::OnDevice(c10::Device device, const std::shared_ptr<GraphRecorder>& recorder,
                               const SearchSettings& settings)
    : totals(device, kMeters, kChecks),
      weights(device, recorder, settings.cuda_graphs()),
      // Unrolled gradients read a norm from the device.
      alphas(device, settings.alpha_gradients() == UNROLLED ? nullptr : recorder,
             settings.cuda_graphs()),
      unrolled(device) {}

SearchStep::SearchStep(std::shared_ptr<SuperNet> super_net, const SearchSettings& settings,
                       uint64_t seed, int64_t stage, Communicator& communicator)
    : super_net_(std::move(super_net)),
      settings_(settings),
      seed_(seed),
      stage_(stage),
      parallel_(communicator, settings.synchronize_statistics()),
      weights_(super_net_->weights(), settings.weights()),
      alphas_(super_net_->alphas(), settings.alphas()),
      weight_scale_(settings.precision(), super_net_->alphas().front().device()),
      alpha_scale_(settings.precision(), super_net_->alphas().front().device()) {
  const at::Tensor& alpha = super_net_->alphas().front();
  if (alpha.device().is_cpu()) return;
  device_ = std::make_unique<OnDevice>(alpha.device(), RecorderFor(alpha, parallel_, settings_),
                                       settings_);
}

absl::StatusOr<GradientResult> SearchStep::TrainWeights(const Batch& batch, double learning_rate) {
  GradientRequest request = LossOf(GradientOf::kWeights, batch, MaskStream::kWeights);
  if (is_on_device()) {
    weights_.Begin(learning_rate);
    // A recording repeats only what the function computes on the device.
    return Run(&device_->weights, std::move(request), [this](const GradientRequest& of) {
      GradientResult pass = ComputeGradients(*super_net_, of);
      device_->totals.Check(kWeightLoss, {pass.loss});
      MoveWeights(pass);
      device_->totals.Add(kWeightMeter, pass, of.labels);
      return pass;
    });
  }
  GradientResult pass = ComputeGradients(*super_net_, request);
  PDARTS_RETURN_IF_ERROR(CheckLoss(pass, "weights"));
  weights_.Begin(learning_rate);
  MoveWeights(pass);
  return pass;
}

absl::StatusOr<GradientResult> SearchStep::TrainAlphas(const Batch& weight_batch,
                                                       const Batch& alpha_batch,
                                                       double learning_rate) {
  const bool unrolled = settings_.alpha_gradients() == UNROLLED;
  if (is_on_device()) {
    const auto finish = [this](const GradientResult& pass, const at::Tensor& labels) {
      device_->totals.Check(kAlphaLoss, {pass.loss});
      MoveAlphas(pass);
      device_->totals.Check(kAlphaValues, super_net_->alphas());
      device_->totals.Add(kAlphaMeter, pass, labels);
    };
    if (unrolled) {
      GradientResult pass = UnrolledGradients(weight_batch, alpha_batch, learning_rate);
      finish(pass, alpha_batch.labels);
      ++device_->unread;
      return pass;
    }
    return Run(&device_->alphas, LossOf(GradientOf::kAlphas, alpha_batch, MaskStream::kAlphas),
               [this, finish](const GradientRequest& of) {
                 GradientResult pass = ComputeGradients(*super_net_, of);
                 finish(pass, of.labels);
                 return pass;
               });
  }
  GradientResult pass =
      unrolled ? UnrolledGradients(weight_batch, alpha_batch, learning_rate)
               : ComputeGradients(*super_net_,
                                  LossOf(GradientOf::kAlphas, alpha_batch, MaskStream::kAlphas));
  PDARTS_RETURN_IF_ERROR(CheckLoss(pass, "alphas"));
  MoveAlphas(pass);
  for (const at::Tensor& alpha : super_net_->alphas()) {
    if (!at::isfinite(alpha).all().item<bool>()) {
      return absl::InternalError("an alpha is not a finite number");
    }
  }
  return pass;
}

void SearchStep::MoveWeights(const GradientResult& pass) {
  const at::Tensor stop =
      weight_scale_.Unscale(pass.weights, is_on_device() ? device_->totals.stop() : at::Tensor());
  const double clip_norm = settings_.weights().clip_norm();
  if (clip_norm > 0) ClipNorm(pass.weights, clip_norm);
  weights_.Move(pass.weights, stop);
}

void SearchStep::MoveAlphas(const GradientResult& pass) {
  const at::Tensor stop =
      alpha_scale_.Unscale(pass.alphas, is_on_device() ? device_->totals.stop() : at::Tensor());
  const double clip_norm = settings_.alphas().clip_norm();
  if (clip_norm > 0) ClipNorm(pass.alphas, clip_norm);
  alphas_.Step(pass.alphas, stop);
}

absl::Status SearchStep::CheckScales() const {
  PDARTS_RETURN_IF_ERROR(weight_scale_.Check());
  return alpha_scale_.Check();
}

GradientResult SearchStep::Run(DevicePass* pass, GradientRequest request, const Compute& compute) {
  ++device_->unread;
  const int64_t images = request.images.size(0);
  std::optional<std::vector<double>> key;
  if (pass->graph.records()) key = KeyOf(*pass, images);
  if (!key) return compute(request);
  if (!pass->images.defined() || pass->images.size(0) < images) {
    pass->images = at::empty_like(request.images);
    pass->labels = at::empty_like(request.labels);
  }
  if (pass->images.size(0) > images) return compute(request);  // a last and smaller batch
  pass->images.copy_(request.images);
  pass->labels.copy_(request.labels);
  request.images = pass->images;
  request.labels = pass->labels;
  pass->graph.Run(*key, [pass, request, compute] {
    pass->result = GradientResult();  // frees its memory for the new pass
    GradientResult result = compute(request);
    result.weights.clear();
    result.alphas.clear();
    pass->result = std::move(result);
  });
  return pass->result;
}

std::optional<std::vector<double>> SearchStep::KeyOf(const DevicePass& pass, int64_t images) const {
  std::vector<double> key = pass.numbers.Pattern();
  key.push_back(static_cast<double>(images));
  if (penalty_) {
    std::optional<std::vector<double>> constants;
    if (penalty_constants_) constants = penalty_constants_();
    if (!constants) return std::nullopt;
    key.insert(key.end(), constants->begin(), constants->end());
  }
  return key;
}

std::optional<SearchStep::NotFinite> SearchStep::Read(Meter* weights, Meter* alphas) {
  if (!is_on_device() || device_->unread == 0) return std::nullopt;
  device_->unread = 0;
  const DeviceTotals::Reading reading = device_->totals.Read(CheckOrder(settings_));
  SetSums(reading.sums[kWeightMeter], weights);
  SetSums(reading.sums[kAlphaMeter], alphas);
  if (!reading.failure) return std::nullopt;
  return NotFinite{kNotFinite[reading.failure->check], reading.failure->checks_since - 1};
}

void SearchStep::Restart(const Meter& weights, const Meter& alphas) {
  if (!is_on_device()) return;
  device_->unread = 0;
  if (weights.images() == 0 && alphas.images() == 0) {
    device_->totals.Restart();
  } else {
    device_->totals.Restart({SumsOf(weights), SumsOf(alphas)});
  }
}

int SearchStep::warm_ups() const {
  return is_on_device() && device_->weights.graph.records() ? StepGraph::kWarmUps : 0;
}

GradientResult SearchStep::UnrolledGradients(const Batch& weight_batch, const Batch& alpha_batch,
                                             double learning_rate) {
  // Passes with other weights than those of the network do not change its running statistics, and
  // do not use the masks of its training passes. All passes of the same loss use the same masks.
  BilevelLosses losses;
  losses.of_weights = [&](GradientOf of) {
    GradientRequest request =
        LossOf(GradientOf::kWeights, weight_batch, MaskStream::kUnrolledWeights);
    request.of = of;
    request.context.update_statistics = false;
    return ComputeGradients(*super_net_, request);
  };
  losses.of_alphas = [&] {
    GradientRequest request = LossOf(GradientOf::kAlphas, alpha_batch, MaskStream::kAlphas);
    request.of = GradientOf::kBoth;
    request.context.update_statistics = false;
    return ComputeGradients(*super_net_, request);
  };
  return UnrolledAlphaGradients(super_net_->weights(), weights_, learning_rate,
                                settings_.unrolled().difference_norm(), losses);
}

GradientRequest SearchStep::LossOf(GradientOf which, const Batch& batch, MaskStream stream) {
  GradientRequest request;
  request.images = batch.images;
  request.labels = batch.labels;
  request.of = which;
  // FLOAT16 does not allow UNROLLED, so only the passes of MoveWeights and MoveAlphas are scaled.
  request.loss_scale = which == GradientOf::kWeights ? &weight_scale_ : &alpha_scale_;
  request.context.drop_edges = which == GradientOf::kWeights;
  request.parallel = parallel_;
  request.part = parallel_.Parts(batch, /*largest=*/batch.labels.size(0)).front();
  request.context.communicator = parallel_.OfStatistics(request.part);
  request.context.masks = Masks({seed_, stage_, batch.epoch, stream}, request.part.first_image);
  if (penalty_) request.penalty = [this, which] { return penalty_(which); };
  if (is_on_device()) {
    DeviceNumbers& numbers = stream == MaskStream::kWeights  ? device_->weights.numbers
                             : stream == MaskStream::kAlphas ? device_->alphas.numbers
                                                             : device_->unrolled;
    numbers.Put(&request.context, super_net_->knobs());
  }
  return request;
}

}  // namespace pdarts
