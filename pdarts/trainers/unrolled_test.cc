#include "pdarts/trainers/unrolled.h"

#include "ATen/TensorOperators.h"
#include "ATen/ops/randn.h"
#include "gtest/gtest.h"
#include "pdarts/core/random.h"
#include "pdarts/trainers/super_net_gradients.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts {
namespace {

using Tensors = std::vector<at::Tensor>;

Tensors Copies(const Tensors& tensors) {
  Tensors copies;
  for (const at::Tensor& tensor : tensors) copies.push_back(tensor.detach().clone());
  return copies;
}

/// A smooth function that mixes weights and alphas like the loss of a network.
at::Tensor Loss(const Tensors& w, const Tensors& alphas, double shift) {
  const at::Tensor p = alphas[0].softmax(0);
  return ((w[0] * p[0] + shift).tanh() * w[1].sum(0) * p[1]).sum() +
         (w[1] * p[2] - shift).square().mean() + (w[0].sum() * alphas[0][1]).cos();
}

/// Weights after two steps of their optimizer, alphas, and the two losses.
class UnrolledTest : public ::testing::TestWithParam<SgdSettings> {
 protected:
  UnrolledTest() {
    const at::TensorOptions options = at::kDouble;
    weights_ = {at::randn({4}, MakeGenerator(1, "w"), options).requires_grad_(),
                at::randn({3, 4}, MakeGenerator(2, "w"), options).requires_grad_()};
    alphas_ = {at::randn({3}, MakeGenerator(1, "a"), options).requires_grad_()};
    sgd_.emplace(weights_, GetParam());
    for (int i = 0; i < 2; ++i) sgd_->Step(Gradients(GradientOf::kWeights, 0.3).weights, kRate);
    losses_.of_weights = [this](GradientOf of) {
      ++passes_;
      return Gradients(of, kWeightShift);
    };
    losses_.of_alphas = [this] {
      ++passes_;
      return Gradients(GradientOf::kBoth, kAlphaShift);
    };
  }

  GradientResult Gradients(GradientOf of, double shift) const {
    GradientResult result;
    const at::Tensor loss = Loss(weights_, alphas_, shift);
    result.loss = loss.detach();
    if (of != GradientOf::kAlphas) {
      result.weights = torch::autograd::grad({loss}, weights_, {}, /*retain_graph=*/true);
    }
    if (of != GradientOf::kWeights) result.alphas = torch::autograd::grad({loss}, alphas_);
    return result;
  }

  /// The loss of the alphas after a real step of another optimizer in the same state.
  double LossAfterStep(const Tensors& alphas) const {
    Tensors moved = Copies(weights_);
    for (at::Tensor& w : moved) w.requires_grad_();
    Sgd sgd(moved, GetParam());
    sgd.set_steps(sgd_->steps());
    for (size_t i = 0; i < moved.size(); ++i) sgd.momentum()[i].copy_(sgd_->momentum()[i]);
    sgd.Step(torch::autograd::grad({Loss(moved, alphas, kWeightShift)}, moved), kRate);
    return Loss(moved, alphas, kAlphaShift).item<double>();
  }

  static constexpr double kRate = 0.05;
  static constexpr double kWeightShift = 0.4;
  static constexpr double kAlphaShift = -0.2;
  Tensors weights_, alphas_;
  std::optional<Sgd> sgd_;
  BilevelLosses losses_;
  int passes_ = 0;
};

TEST_P(UnrolledTest, IsTheGradientOfTheLossAfterAStep) {
  const GradientResult result = UnrolledAlphaGradients(weights_, *sgd_, kRate, 1e-4, losses_);
  EXPECT_NEAR(result.loss.item<double>(), LossAfterStep(alphas_), 1e-12);
  EXPECT_TRUE(result.weights.empty());
  const at::Tensor first_order = Gradients(GradientOf::kAlphas, kAlphaShift).alphas[0];
  constexpr double kStep = 1e-5;
  for (int64_t i = 0; i < 3; ++i) {
    Tensors ahead = Copies(alphas_), behind = Copies(alphas_);
    ahead[0][i] += kStep;
    behind[0][i] -= kStep;
    const double expected = (LossAfterStep(ahead) - LossAfterStep(behind)) / (2 * kStep);
    EXPECT_NEAR(result.alphas[0][i].item<double>(), expected, 1e-7) << i;
    EXPECT_GT(std::abs(first_order[i].item<double>() - expected), 1e-4) << i;
  }
}

TEST_P(UnrolledTest, LeavesWeightsAndOptimizerAsTheyWere) {
  const Tensors weights = Copies(weights_), momentum = Copies(sgd_->momentum());
  UnrolledAlphaGradients(weights_, *sgd_, kRate, 0.01, losses_);
  for (size_t i = 0; i < weights.size(); ++i) {
    EXPECT_TRUE(weights_[i].equal(weights[i])) << i;
    EXPECT_TRUE(sgd_->momentum()[i].equal(momentum[i])) << i;
  }
  EXPECT_EQ(sgd_->steps(), 2);
  EXPECT_EQ(passes_, 4);
}

SgdSettings Settings(double momentum, bool nesterov, double weight_decay) {
  SgdSettings settings;
  settings.set_momentum(momentum);
  settings.set_nesterov(nesterov);
  settings.set_weight_decay(weight_decay);
  return settings;
}

INSTANTIATE_TEST_SUITE_P(Optimizers, UnrolledTest,
                         ::testing::Values(Settings(0, false, 0), Settings(0.9, false, 0.01),
                                           Settings(0.9, true, 0.01)));

using UnrolledEdges = UnrolledTest;

TEST_P(UnrolledEdges, WithoutARateItIsTheFirstOrder) {
  const GradientResult result = UnrolledAlphaGradients(weights_, *sgd_, 0, 0.01, losses_);
  EXPECT_TRUE(result.alphas[0].equal(Gradients(GradientOf::kAlphas, kAlphaShift).alphas[0]));
}

TEST_P(UnrolledEdges, ALossThatNoWeightMovesIsNotDividedBy) {
  losses_.of_alphas = [this] {
    GradientResult result = Gradients(GradientOf::kBoth, kAlphaShift);
    for (at::Tensor& gradient : result.weights) gradient.zero_();
    return result;
  };
  const GradientResult result = UnrolledAlphaGradients(weights_, *sgd_, kRate, 0.01, losses_);
  EXPECT_TRUE(result.alphas[0].isfinite().all().item<bool>());
}

INSTANTIATE_TEST_SUITE_P(Plain, UnrolledEdges, ::testing::Values(Settings(0, false, 0)));

}  // namespace
}  // namespace pdarts
