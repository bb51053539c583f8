#include "pdarts/regularizers/beta_decay/beta_decay.h"

#include <memory>

#include "ATen/ops/cat.h"
#include "ATen/ops/logsumexp.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/super_net.h"
#include "pdarts/regularizers/alpha_penalty.h"
#include "pdarts/regularizers/beta_decay/beta_decay.pb.h"

namespace pdarts {
namespace regularizers {

at::Tensor BetaDecayLoss(const std::vector<at::Tensor>& alphas) {
  std::vector<at::Tensor> of_softmaxes;
  for (const at::Tensor& alpha : alphas) {
    of_softmaxes.push_back(at::logsumexp(alpha, SoftmaxDimension(alpha)));
  }
  return at::cat(of_softmaxes).mean();
}

}  // namespace regularizers

namespace {

using regularizers::BetaDecayConfig;

class BetaDecay : public regularizers::AlphaPenaltyRegularizer {
 public:
  explicit BetaDecay(const BetaDecayConfig& config)
      : AlphaPenaltyRegularizer("beta_decay", config.initial_weight(), config.final_weight()) {}

 private:
  at::Tensor Loss(const std::vector<at::Tensor>& alphas) const override {
    return regularizers::BetaDecayLoss(alphas);
  }
};

const bool registered = Registry<Regularizer>::Register<BetaDecayConfig>(
    "beta_decay", "a growing penalty that keeps the alphas of an edge close together (beta-DARTS)",
    [](const BetaDecayConfig& config) -> absl::StatusOr<std::unique_ptr<Regularizer>> {
      return std::make_unique<BetaDecay>(config);
    });

}  // namespace
}  // namespace pdarts
