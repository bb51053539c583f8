#include "pdarts/regularizers/probability_penalty/probability_penalty.h"

#include <memory>

#include "ATen/ops/cat.h"
#include "ATen/ops/log_softmax.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/super_net.h"
#include "pdarts/regularizers/alpha_penalty.h"

namespace pdarts {
namespace regularizers {

at::Tensor MeanProbabilityPenalty(const std::vector<at::Tensor>& alphas,
                                  ProbabilityPenaltyConfig::Kind kind) {
  std::vector<at::Tensor> of_softmaxes;
  for (const at::Tensor& alpha : alphas) {
    const int dimension = SoftmaxDimension(alpha);
    const at::Tensor logarithm = at::log_softmax(alpha, dimension);
    const at::Tensor p = logarithm.exp();
    of_softmaxes.push_back(kind == ProbabilityPenaltyConfig::ENTROPY
                               ? (p * logarithm).sum(dimension).neg()
                               : p.square().sum(dimension));
  }
  return at::cat(of_softmaxes).mean();
}

}  // namespace regularizers

namespace {

using regularizers::ProbabilityPenaltyConfig;

class ProbabilityPenalty : public regularizers::AlphaPenaltyRegularizer {
 public:
  explicit ProbabilityPenalty(const ProbabilityPenaltyConfig& config)
      : AlphaPenaltyRegularizer("probability_penalty", config.initial_weight(),
                                config.final_weight()),
        kind_(config.kind()) {}

 private:
  at::Tensor Loss(const std::vector<at::Tensor>& alphas) const override {
    return regularizers::MeanProbabilityPenalty(alphas, kind_);
  }

  const ProbabilityPenaltyConfig::Kind kind_;
};

const bool registered = Registry<Regularizer>::Register<ProbabilityPenaltyConfig>(
    "probability_penalty", "a penalty on the entropy or the squares of an edge's probabilities",
    [](const ProbabilityPenaltyConfig& config) -> absl::StatusOr<std::unique_ptr<Regularizer>> {
      return std::make_unique<ProbabilityPenalty>(config);
    });

}  // namespace
}  // namespace pdarts
