#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "entropy/entropy.pb.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/regularizer.h"
#include "pdarts/core/super_net.h"

namespace example {
namespace {

class Entropy : public pdarts::Regularizer {
 public:
  explicit Entropy(const EntropyConfig& config) : config_(config) {}

  absl::Status OnEpochBegin(const pdarts::SearchContext& context) override {
    weight_ = config_.weight() * (context.epoch + 1) / context.shape.epochs;
    return absl::OkStatus();
  }

  at::Tensor AlphaPenalty(const pdarts::SearchContext& context) override {
    at::Tensor sum;
    for (size_t kind = 0; kind < context.super_net->alphas().size(); ++kind) {
      const at::Tensor p = context.super_net->ProbabilityTensor(static_cast<int>(kind));
      const at::Tensor entropy = -(p * (p + 1e-12).log()).sum(1).mean();
      sum = sum.defined() ? sum + entropy : entropy;
    }
    return weight_ * sum;
  }

  std::optional<std::vector<double>> PenaltyConstants() const override {
    return std::vector<double>{weight_};
  }

  std::vector<std::pair<std::string, double>> Report() const override {
    return {{"entropy_weight", weight_}};
  }

 private:
  const EntropyConfig config_;
  double weight_ = 0;
};

const bool registered = pdarts::Registry<pdarts::Regularizer>::Register<EntropyConfig>(
    "entropy", "a growing penalty on the entropy of each edge's probabilities",
    [](const EntropyConfig& config) -> absl::StatusOr<std::unique_ptr<pdarts::Regularizer>> {
      return std::make_unique<Entropy>(config);
    });

}  // namespace
}  // namespace example
