#include "pdarts/trainers/search_step.h"

#include <cmath>
#include <utility>

#include "ATen/ops/isfinite.h"
#include "absl/strings/str_cat.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/core/super_net.h"
#include "pdarts/trainers/unrolled.h"

namespace pdarts {
namespace {

absl::Status CheckLoss(const GradientResult& pass, absl::string_view of) {
  const double loss = pass.loss.item<double>();
  if (std::isfinite(loss)) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("the loss of the ", of, " became ", loss));
}

}  // namespace

SearchStep::SearchStep(std::shared_ptr<SuperNet> net, const SearchSettings& settings, uint64_t seed,
                       int64_t stage, Communicator& communicator)
    : net_(std::move(net)),
      settings_(settings),
      seed_(seed),
      stage_(stage),
      parallel_(communicator, settings.synchronize_statistics()),
      weights_(net_->weights(), settings.weights()),
      alphas_(net_->alphas(), settings.alphas()) {}

absl::StatusOr<GradientResult> SearchStep::TrainWeights(const Batch& batch, double learning_rate) {
  GradientResult pass =
      ComputeGradients(*net_, LossOf(GradientOf::kWeights, batch, MaskStream::kWeights));
  PDARTS_RETURN_IF_ERROR(CheckLoss(pass, "weights"));
  ClipNorm(pass.weights, settings_.weights().clip_norm());
  weights_.Step(pass.weights, learning_rate);
  return pass;
}

absl::StatusOr<GradientResult> SearchStep::TrainAlphas(const Batch& weight_batch,
                                                       const Batch& alpha_batch,
                                                       double learning_rate) {
  GradientResult pass =
      settings_.alpha_gradients() == UNROLLED
          ? UnrolledGradients(weight_batch, alpha_batch, learning_rate)
          : ComputeGradients(*net_, LossOf(GradientOf::kAlphas, alpha_batch, MaskStream::kAlphas));
  PDARTS_RETURN_IF_ERROR(CheckLoss(pass, "alphas"));
  ClipNorm(pass.alphas, settings_.alphas().clip_norm());
  alphas_.Step(pass.alphas);
  for (const at::Tensor& alpha : net_->alphas()) {
    if (!at::isfinite(alpha).all().item<bool>()) {
      return absl::InternalError("an alpha is no finite number");
    }
  }
  return pass;
}

GradientResult SearchStep::UnrolledGradients(const Batch& weight_batch, const Batch& alpha_batch,
                                             double learning_rate) {
  // Passes at weights that the network doesn't have leave its statistics alone, and draw no masks
  // of those that it trains with. Passes of one loss draw the same masks.
  BilevelLosses losses;
  losses.of_weights = [&](GradientOf of) {
    GradientRequest request =
        LossOf(GradientOf::kWeights, weight_batch, MaskStream::kUnrolledWeights);
    request.of = of;
    request.context.update_statistics = false;
    return ComputeGradients(*net_, request);
  };
  losses.of_alphas = [&] {
    GradientRequest request = LossOf(GradientOf::kAlphas, alpha_batch, MaskStream::kAlphas);
    request.of = GradientOf::kBoth;
    request.context.update_statistics = false;
    return ComputeGradients(*net_, request);
  };
  return UnrolledAlphaGradients(net_->weights(), weights_, learning_rate,
                                settings_.unrolled().difference_norm(), losses);
}

GradientRequest SearchStep::LossOf(GradientOf which, const Batch& batch, MaskStream stream) const {
  GradientRequest request;
  request.images = batch.images;
  request.labels = batch.labels;
  request.of = which;
  request.context.drop_edges = which == GradientOf::kWeights;
  request.parallel = parallel_;
  request.part = parallel_.Parts(batch, /*largest=*/batch.labels.size(0)).front();
  request.context.communicator = parallel_.OfStatistics(request.part);
  request.context.masks = Masks({seed_, stage_, batch.epoch, stream}, request.part.first_image);
  if (penalty_) request.penalty = [this, which] { return penalty_(which); };
  return request;
}

}  // namespace pdarts
