#include "pdarts/regularizers/probability_penalty/probability_penalty.h"

#include <cmath>

#include "ATen/ops/tensor.h"
#include "ATen/ops/zeros.h"
#include "gtest/gtest.h"
#include "pdarts/regularizers/testing.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts::regularizers {
namespace {

using Reported = std::vector<std::pair<std::string, double>>;

/// Two edges with the probabilities 1/4, 3/4 and 1/2, 1/2.
at::Tensor TwoEdges() { return at::tensor({0.0, std::log(3), 5.0, 5.0}, at::kDouble).view({2, 2}); }
const double kEntropies = 0.25 * std::log(4) + 0.75 * std::log(4.0 / 3) + std::log(2);
constexpr double kSquares = 1.0 / 16 + 9.0 / 16 + 1.0 / 2;

TEST(MeanProbabilityPenalty, IsTheMeanOverTheEdgesOfAllKinds) {
  EXPECT_NEAR(
      MeanProbabilityPenalty({TwoEdges()}, ProbabilityPenaltyConfig::ENTROPY).item<double>(),
      kEntropies / 2, 1e-14);
  EXPECT_NEAR(MeanProbabilityPenalty({TwoEdges()}, ProbabilityPenaltyConfig::L2).item<double>(),
              kSquares / 2, 1e-14);
  const at::Tensor even = at::zeros({1, 4}, at::kDouble);
  EXPECT_NEAR(
      MeanProbabilityPenalty({TwoEdges(), even}, ProbabilityPenaltyConfig::L2).item<double>(),
      (kSquares + 0.25) / 3, 1e-14);
}

TEST(MeanProbabilityPenalty, RunsOverTheEdgesWhereOneCandidateIsLeft) {
  const at::Tensor alpha = at::zeros({5, 1}, at::kDouble);
  EXPECT_NEAR(MeanProbabilityPenalty({alpha}, ProbabilityPenaltyConfig::ENTROPY).item<double>(),
              std::log(5), 1e-14);
}

/// The sign of the gradient for the larger alpha of an uneven edge.
double Pull(ProbabilityPenaltyConfig::Kind kind) {
  const at::Tensor alpha = TwoEdges().requires_grad_();
  return torch::autograd::grad({MeanProbabilityPenalty({alpha}, kind)}, {alpha})[0][0][1]
      .item<double>();
}

TEST(MeanProbabilityPenalty, EntropySharpensAndSquaresEven) {
  EXPECT_LT(Pull(ProbabilityPenaltyConfig::ENTROPY), 0);
  EXPECT_GT(Pull(ProbabilityPenaltyConfig::L2), 0);
}

TEST(MeanProbabilityPenalty, StaysFiniteWhereAProbabilityVanishes) {
  const at::Tensor alpha = at::tensor({0.0, 2000.0}, at::kDouble).view({1, 2}).requires_grad_();
  const at::Tensor penalty = MeanProbabilityPenalty({alpha}, ProbabilityPenaltyConfig::ENTROPY);
  EXPECT_EQ(penalty.item<double>(), 0);
  EXPECT_TRUE(torch::autograd::grad({penalty}, {alpha})[0].isfinite().all().item<bool>());
}

TEST(ProbabilityPenalty, WeighsByTheEpoch) {
  AlphasOnly super_net({TwoEdges()});
  const auto regularizer =
      MakeRegularizer<ProbabilityPenaltyConfig>("kind: L2 initial_weight: 1 final_weight: -3");
  for (const auto& [epoch, weight] : {std::pair(0, 1.0), {2, 1.0}, {4, -1.0}, {6, -3.0}}) {
    const SearchContext context = ContextOf(&super_net, epoch, 7, 2);
    ASSERT_TRUE(regularizer->OnEpochBegin(context).ok());
    EXPECT_EQ(regularizer->Report(), (Reported{{"probability_penalty", weight}}));
    EXPECT_NEAR(regularizer->AlphaPenalty(context).item<double>(), weight * kSquares / 2, 1e-14);
    EXPECT_FALSE(regularizer->WeightPenalty(context).defined());
  }
}

TEST(ProbabilityPenalty, OfNoWeightIsNone) {
  AlphasOnly super_net({TwoEdges()});
  const auto regularizer = MakeRegularizer<ProbabilityPenaltyConfig>("");
  ASSERT_TRUE(regularizer->OnEpochBegin(ContextOf(&super_net, 0, 7)).ok());
  EXPECT_FALSE(regularizer->AlphaPenalty(ContextOf(&super_net, 0, 7)).defined());
}

}  // namespace
}  // namespace pdarts::regularizers
