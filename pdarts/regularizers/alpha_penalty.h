#ifndef PDARTS_REGULARIZERS_ALPHA_PENALTY_H_
#define PDARTS_REGULARIZERS_ALPHA_PENALTY_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "pdarts/core/regularizer.h"

namespace pdarts::regularizers {

/// A penalty on alphas. Its weight changes linearly from one value to another over the epochs of a
/// stage that train alphas (AlphaEpochsRamp). If the weight is 0, nothing is computed.
class AlphaPenaltyRegularizer : public Regularizer {
 public:
  /// `name` is the name of the weight in the log.
  AlphaPenaltyRegularizer(std::string name, double initial_weight, double final_weight)
      : name_(std::move(name)), initial_weight_(initial_weight), final_weight_(final_weight) {}

  absl::Status OnStageBegin(const SearchContext& context) override { return Weigh(context); }
  absl::Status OnEpochBegin(const SearchContext& context) override { return Weigh(context); }
  at::Tensor AlphaPenalty(const SearchContext& context) override;
  std::optional<std::vector<double>> PenaltyConstants() const override {
    return std::vector<double>{weight_};
  }
  std::vector<std::pair<std::string, double>> Report() const override { return {{name_, weight_}}; }

 private:
  /// The penalty without its weight: a differentiable scalar of alphas `[E,K]`, one matrix for each
  /// cell kind. The host does not read the values of the alphas.
  virtual at::Tensor Loss(const std::vector<at::Tensor>& alphas) const = 0;

  absl::Status Weigh(const SearchContext& context);

  const std::string name_;
  const double initial_weight_;
  const double final_weight_;
  double weight_ = 0;
};

}  // namespace pdarts::regularizers

#endif  // PDARTS_REGULARIZERS_ALPHA_PENALTY_H_
