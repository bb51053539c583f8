#include "pdarts/trainers/optimizers.h"

#include <cmath>

#include "ATen/ops/arange.h"
#include "ATen/ops/full.h"
#include "ATen/ops/ones.h"
#include "ATen/ops/tensor.h"
#include "ATen/ops/zeros.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

at::Tensor Vector(const std::vector<double>& values) { return at::tensor(values, at::kDouble); }
double At(const at::Tensor& t, int64_t i) { return t[i].item<double>(); }

TEST(CosineLearningRate, StartsAtTheRateAndEndsAtTheFinalOne) {
  SgdSettings settings;
  EXPECT_DOUBLE_EQ(CosineLearningRate(settings, 0, 25), 0.025);
  EXPECT_NEAR(CosineLearningRate(settings, 24, 25), 9.856623356902795e-05, 1e-15);
  settings.set_final_learning_rate(0.001);
  EXPECT_DOUBLE_EQ(CosineLearningRate(settings, 25, 25), 0.001);
  EXPECT_DOUBLE_EQ(CosineLearningRate(settings, 12.5, 25), 0.013);
}

TEST(ClipNorm, ScalesJointly) {
  std::vector<at::Tensor> gradients = {Vector({3, 0}), Vector({0, 4})};
  EXPECT_DOUBLE_EQ(ClipNorm(gradients, 1).item<double>(), 5);
  EXPECT_DOUBLE_EQ(At(gradients[0], 0), 3 / (5 + 1e-6));
  EXPECT_DOUBLE_EQ(At(gradients[1], 1), 4 / (5 + 1e-6));
}

TEST(ClipNorm, LeavesSmallGradientsAndZeroMeansNoLimit) {
  std::vector<at::Tensor> gradients = {Vector({3, 4})};
  ClipNorm(gradients, 6);
  EXPECT_EQ(At(gradients[0], 0), 3);
  EXPECT_DOUBLE_EQ(ClipNorm(gradients, 0).item<double>(), 5);
  EXPECT_EQ(At(gradients[0], 1), 4);
}

TEST(FillUndefined, MakesZerosInOrderOfTheParameters) {
  const std::vector<at::Tensor> parameters = {
      Vector({1, 2, 3}), at::ones({2, 3, 2, 2}, at::kDouble),
      at::ones({2, 3, 2, 2}, at::kDouble).contiguous(at::MemoryFormat::ChannelsLast),
      at::ones({}, at::kDouble)};
  std::vector<at::Tensor> gradients = {Vector({4, 5, 6}), {}, {}, {}};
  FillUndefined(parameters, &gradients);
  EXPECT_TRUE(gradients[0].equal(Vector({4, 5, 6})));
  for (size_t i = 1; i < gradients.size(); ++i) {
    EXPECT_TRUE(gradients[i].equal(at::zeros(parameters[i].sizes(), at::kDouble))) << i;
    EXPECT_EQ(gradients[i].strides(), parameters[i].strides()) << i;
  }
  gradients[1].fill_(1);
  EXPECT_EQ(gradients[2].sum().item<double>(), 0) << "two gradients share memory";
  gradients[2].fill_(1);
  EXPECT_EQ(gradients[3].item<double>(), 0) << "two gradients share memory";
  FillUndefined(parameters, &gradients);
  EXPECT_EQ(gradients[2].sum().item<double>(), 24) << "a gradient that is there was replaced";
}

TEST(Sgd, FollowsTheFormulaOverThreeSteps) {
  SgdSettings settings;
  settings.set_weight_decay(0.1);
  for (const auto& [m, nesterov] : {std::pair(0.9, false), {0.9, true}, {0.0, false}}) {
    settings.set_momentum(m);
    settings.set_nesterov(nesterov);
    const at::Tensor w = Vector({1, -2});
    Sgd sgd({w}, settings);
    double expected[] = {1, -2}, momentum[] = {0, 0};
    for (double g : {0.5, -1.0, 2.0}) {
      const at::Tensor before = w.clone();
      sgd.TryStep({Vector({g, g})}, 0.1);
      const at::Tensor tried = w.clone();
      w.copy_(before);
      sgd.Step({Vector({g, g})}, 0.1);
      EXPECT_TRUE(w.equal(tried));
      for (int i = 0; i < 2; ++i) {
        const double d = g + 0.1 * expected[i];
        momentum[i] = m * momentum[i] + d;
        expected[i] -= 0.1 * (nesterov ? d + m * momentum[i] : momentum[i]);
        EXPECT_NEAR(At(w, i), expected[i], 1e-14);
      }
    }
  }
}

TEST(Adam, FollowsTheFormulaOverThreeSteps) {
  AdamSettings settings;
  settings.set_learning_rate(0.1);
  settings.set_weight_decay(0.01);
  const at::Tensor a = Vector({1, -2});
  Adam adam({a}, settings);
  double expected[] = {1, -2}, mean[] = {0, 0}, square[] = {0, 0};
  int step = 0;
  for (double gradient : {0.5, -1.0, 2.0}) {
    adam.Step({Vector({gradient, gradient})});
    ++step;
    for (int i = 0; i < 2; ++i) {
      const double g = gradient + 0.01 * expected[i];
      mean[i] = 0.5 * mean[i] + 0.5 * g;
      square[i] = 0.999 * square[i] + 0.001 * g * g;
      const double m = mean[i] / (1 - std::pow(0.5, step));
      const double v = square[i] / (1 - std::pow(0.999, step));
      expected[i] -= 0.1 * m / (std::sqrt(v) + 1e-8);
      EXPECT_NEAR(At(a, i), expected[i], 1e-12);
    }
  }
}

TEST(Sgd, AStepIsWhatTheHostBeginsAndTheDeviceMoves) {
  SgdSettings settings;
  const at::Tensor whole = Vector({1, -2}), split = Vector({1, -2});
  Sgd of_whole({whole}, settings), of_split({split}, settings);
  for (const double rate : {0.1, 0.05, 0.05}) {
    of_whole.Step({Vector({0.5, -1})}, rate);
    of_split.Begin(rate);
    of_split.Move({Vector({0.5, -1})});
  }
  EXPECT_TRUE(whole.equal(split));
  EXPECT_EQ(of_split.steps(), 3);
}

TEST(Optimizers, MoveNothingWhenTheyAreStopped) {
  const at::Tensor w = Vector({1, -2}), a = Vector({3, 4});
  Sgd sgd({w}, SgdSettings());
  Adam adam({a}, AdamSettings());
  sgd.Step({Vector({1, 1})}, 0.1);
  adam.Step({Vector({1, 1})});
  const at::Tensor moved_w = w.clone(), momentum = sgd.momentum()[0].clone();
  const at::Tensor moved_a = a.clone(), mean = adam.means()[0].clone();
  const at::Tensor square = adam.squares()[0].clone();
  const at::Tensor stop = at::ones({}), go = at::zeros({});

  sgd.Begin(0.1);
  sgd.Move({Vector({NAN, 1})}, stop);
  adam.Step({Vector({NAN, 1})}, stop);
  EXPECT_TRUE(w.equal(moved_w));
  EXPECT_TRUE(sgd.momentum()[0].equal(momentum));
  EXPECT_TRUE(a.equal(moved_a));
  EXPECT_TRUE(adam.means()[0].equal(mean));
  EXPECT_TRUE(adam.squares()[0].equal(square));
  EXPECT_EQ(adam.steps()[0].item<float>(), 1) << "a step that was stopped counts";

  sgd.Begin(0.1);
  sgd.Move({Vector({1, 1})}, go);
  adam.Step({Vector({1, 1})}, go);
  EXPECT_FALSE(w.equal(moved_w));
  EXPECT_FALSE(a.equal(moved_a));
  EXPECT_EQ(adam.steps()[0].item<float>(), 2);
}

TEST(Optimizers, TakeGradientsInAnyMemoryOrder) {
  const at::Tensor gradient = at::arange(24, at::kDouble).view({2, 3, 2, 2});
  const at::Tensor other = gradient.contiguous(at::MemoryFormat::ChannelsLast);
  ASSERT_FALSE(other.is_contiguous());
  std::vector<at::Tensor> by_sgd, by_adam;
  for (const at::Tensor& g : {gradient, other}) {
    by_sgd.push_back(at::zeros({2, 3, 2, 2}, at::kDouble));
    Sgd({by_sgd.back()}, SgdSettings()).Step({g}, 0.1);
    by_adam.push_back(at::ones({2, 3, 2, 2}, at::kDouble));
    Adam({by_adam.back()}, AdamSettings()).Step({g});
  }
  EXPECT_TRUE(by_sgd[0].equal(by_sgd[1]));
  EXPECT_TRUE(by_adam[0].equal(by_adam[1]));
}

TEST(Optimizers, TakeParametersInAnyMemoryOrder) {
  const at::Tensor gradient = at::arange(24, at::kDouble).view({2, 3, 2, 2});
  std::vector<at::Tensor> by_sgd, by_adam;
  for (const at::MemoryFormat format :
       {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
    by_sgd.push_back(at::zeros({2, 3, 2, 2}, at::kDouble).contiguous(format));
    Sgd({by_sgd.back()}, SgdSettings()).Step({gradient}, 0.1);
    by_adam.push_back(at::ones({2, 3, 2, 2}, at::kDouble).contiguous(format));
    Adam({by_adam.back()}, AdamSettings()).Step({gradient});
  }
  ASSERT_FALSE(by_sgd[1].is_contiguous());
  EXPECT_TRUE(by_sgd[0].equal(by_sgd[1]));
  EXPECT_TRUE(by_adam[0].equal(by_adam[1]));
}

}  // namespace
}  // namespace pdarts
