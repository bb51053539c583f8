#include "pdarts/regularizers/probability_penalty/probability_penalty.h"

#include <memory>
#include <utility>

#include "ATen/ops/cat.h"
#include "ATen/ops/log_softmax.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/regularizer.h"
#include "pdarts/regularizers/linear_ramp.h"

namespace pdarts {
namespace regularizers {

at::Tensor MeanProbabilityPenalty(const std::vector<at::Tensor>& alphas,
                                  ProbabilityPenaltyConfig::Kind kind) {
  std::vector<at::Tensor> of_softmaxes;
  for (const at::Tensor& alpha : alphas) {
    const int64_t dimension = alpha.size(1) == 1 ? 0 : 1;
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

class ProbabilityPenalty : public Regularizer {
 public:
  explicit ProbabilityPenalty(ProbabilityPenaltyConfig config) : config_(std::move(config)) {}

  absl::Status OnStageBegin(const SearchContext& context) override { return Set(context); }
  absl::Status OnEpochBegin(const SearchContext& context) override { return Set(context); }

  at::Tensor AlphaPenalty(const SearchContext& context) override {
    if (weight_ == 0) return {};
    return regularizers::MeanProbabilityPenalty(context.net->alphas(), config_.kind()) * weight_;
  }

  std::vector<std::pair<std::string, double>> Report() const override {
    return {{"probability_penalty", weight_}};
  }

 private:
  absl::Status Set(const SearchContext& context) {
    weight_ = regularizers::AlphaEpochsRamp(config_.initial_weight(), config_.final_weight(),
                                            context.epoch, context.shape);
    return absl::OkStatus();
  }

  const ProbabilityPenaltyConfig config_;
  double weight_ = 0;
};

const bool registered = Registry<Regularizer>::Register<ProbabilityPenaltyConfig>(
    "probability_penalty", "a penalty on the entropy or the squares of an edge's probabilities",
    [](ProbabilityPenaltyConfig config) -> absl::StatusOr<std::unique_ptr<Regularizer>> {
      return std::make_unique<ProbabilityPenalty>(std::move(config));
    });

}  // namespace
}  // namespace pdarts
