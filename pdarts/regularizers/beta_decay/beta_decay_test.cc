#include "pdarts/regularizers/beta_decay/beta_decay.h"

#include <cmath>

#include "ATen/ops/softmax.h"
#include "ATen/ops/tensor.h"
#include "ATen/ops/zeros.h"
#include "gtest/gtest.h"
#include "pdarts/regularizers/beta_decay/beta_decay.pb.h"
#include "pdarts/regularizers/testing.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts::regularizers {
namespace {

using Reported = std::vector<std::pair<std::string, double>>;

/// The sums of the exponentials of the two rows are 4 and 10.
at::Tensor TwoEdges() {
  return at::tensor({0.0, 0.0, 0.0, 0.0, std::log(1), std::log(2), std::log(3), std::log(4)},
                    at::kDouble)
      .view({2, 4});
}

TEST(BetaDecayLoss, IsTheMeanOverTheEdgesOfAllKinds) {
  const at::Tensor third = at::tensor({std::log(5.0), std::log(6.0)}, at::kDouble).view({1, 2});
  EXPECT_NEAR(BetaDecayLoss({TwoEdges(), third}).item<double>(),
              (std::log(4) + std::log(10) + std::log(11)) / 3, 1e-14);
}

TEST(BetaDecayLoss, PullsAtAnAlphaByItsProbability) {
  const at::Tensor alpha = TwoEdges().requires_grad_();
  const at::Tensor gradient = torch::autograd::grad({BetaDecayLoss({alpha})}, {alpha})[0];
  EXPECT_TRUE(gradient.allclose(at::softmax(alpha.detach(), 1) / 2, 1e-12, 0));
  EXPECT_NEAR(gradient[1][3].item<double>(), 0.4 / 2, 1e-14);
}

TEST(BetaDecayLoss, RunsOverTheEdgesWhereOneCandidateIsLeft) {
  EXPECT_NEAR(BetaDecayLoss({at::zeros({5, 1}, at::kDouble)}).item<double>(), std::log(5), 1e-14);
}

TEST(BetaDecay, GrowsFromNothingTo50AsPublished) {
  AlphasOnly super_net({TwoEdges()});
  const auto regularizer = MakeRegularizer<BetaDecayConfig>("");
  const double loss = (std::log(4) + std::log(10)) / 2;
  ASSERT_TRUE(regularizer->OnStageBegin(ContextOf(&super_net, 0, 101)).ok());
  EXPECT_FALSE(regularizer->AlphaPenalty(ContextOf(&super_net, 0, 101)).defined());
  for (const auto& [epoch, weight] : {std::pair(1, 0.5), {50, 25.0}, {100, 50.0}}) {
    const SearchContext context = ContextOf(&super_net, epoch, 101);
    ASSERT_TRUE(regularizer->OnEpochBegin(context).ok());
    EXPECT_EQ(regularizer->Report(), (Reported{{"beta_decay", weight}}));
    EXPECT_NEAR(regularizer->AlphaPenalty(context).item<double>(), weight * loss, 1e-12);
    EXPECT_FALSE(regularizer->WeightPenalty(context).defined());
  }
}

TEST(BetaDecay, MayFallAndStartsAfterWarmUp) {
  AlphasOnly super_net({TwoEdges()});
  const auto regularizer = MakeRegularizer<BetaDecayConfig>("initial_weight: 20 final_weight: 10");
  for (const auto& [epoch, weight] : {std::pair(3, 20.0), {4, 20.0}, {6, 15.0}, {8, 10.0}}) {
    ASSERT_TRUE(regularizer->OnEpochBegin(ContextOf(&super_net, epoch, 9, 4)).ok());
    EXPECT_EQ(regularizer->Report(), (Reported{{"beta_decay", weight}}));
  }
}

}  // namespace
}  // namespace pdarts::regularizers
