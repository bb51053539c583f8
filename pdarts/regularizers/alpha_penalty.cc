#include "pdarts/regularizers/alpha_penalty.h"

#include "pdarts/core/super_net.h"
#include "pdarts/regularizers/linear_ramp.h"

namespace pdarts::regularizers {

at::Tensor AlphaPenaltyRegularizer::AlphaPenalty(const SearchContext& context) {
  if (weight_ == 0) return {};
  return Loss(context.super_net->alphas()) * weight_;
}

absl::Status AlphaPenaltyRegularizer::Weigh(const SearchContext& context) {
  weight_ = AlphaEpochsRamp(initial_weight_, final_weight_, context.epoch, context.shape);
  return absl::OkStatus();
}

}  // namespace pdarts::regularizers
