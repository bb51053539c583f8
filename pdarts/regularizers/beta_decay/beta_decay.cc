#include "pdarts/regularizers/beta_decay/beta_decay.h"

#include <memory>
#include <utility>

#include "ATen/ops/cat.h"
#include "ATen/ops/logsumexp.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/regularizer.h"
#include "pdarts/regularizers/beta_decay/beta_decay.pb.h"
#include "pdarts/regularizers/linear_ramp.h"

namespace pdarts {
namespace regularizers {

at::Tensor BetaDecayLoss(const std::vector<at::Tensor>& alphas) {
  std::vector<at::Tensor> of_softmaxes;
  for (const at::Tensor& alpha : alphas) {
    of_softmaxes.push_back(at::logsumexp(alpha, alpha.size(1) == 1 ? 0 : 1));
  }
  return at::cat(of_softmaxes).mean();
}

}  // namespace regularizers

namespace {

using regularizers::BetaDecayConfig;

class BetaDecay : public Regularizer {
 public:
  explicit BetaDecay(BetaDecayConfig config) : config_(std::move(config)) {}

  absl::Status OnStageBegin(const SearchContext& context) override { return Set(context); }
  absl::Status OnEpochBegin(const SearchContext& context) override { return Set(context); }

  at::Tensor AlphaPenalty(const SearchContext& context) override {
    if (weight_ == 0) return {};
    return regularizers::BetaDecayLoss(context.net->alphas()) * weight_;
  }

  std::vector<std::pair<std::string, double>> Report() const override {
    return {{"beta_decay", weight_}};
  }

 private:
  absl::Status Set(const SearchContext& context) {
    weight_ = regularizers::AlphaEpochsRamp(config_.initial_weight(), config_.final_weight(),
                                            context.epoch, context.shape);
    return absl::OkStatus();
  }

  const BetaDecayConfig config_;
  double weight_ = 0;
};

const bool registered = Registry<Regularizer>::Register<BetaDecayConfig>(
    "beta_decay", "keeps alphas from growing apart, ever more strongly (beta-DARTS)",
    [](BetaDecayConfig config) -> absl::StatusOr<std::unique_ptr<Regularizer>> {
      return std::make_unique<BetaDecay>(std::move(config));
    });

}  // namespace
}  // namespace pdarts
