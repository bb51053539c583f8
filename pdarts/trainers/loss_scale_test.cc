#include "pdarts/trainers/loss_scale.h"

#include <limits>

#include "ATen/TensorOperators.h"
#include "ATen/ops/ones.h"
#include "ATen/ops/tensor.h"
#include "ATen/ops/zeros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/trainers/optimizers.h"
#include "pdarts/trainers/training_state.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

at::Tensor Float(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble).to(at::kFloat);
}

TEST(LossScale, OtherPrecisionsScaleNothing) {
  for (const Precision precision : {FLOAT32, FLOAT64, BFLOAT16}) {
    LossScale scale(precision, at::kCPU);
    EXPECT_FALSE(scale.scales());
    const at::Tensor loss = Float({1});
    EXPECT_TRUE(scale.Scale(loss).is_same(loss));
    const at::Tensor gradient = Float({3, kInfinity});
    EXPECT_FALSE(scale.Unscale({gradient}).defined());
    EXPECT_EQ(gradient[0].item<float>(), 3);
    EXPECT_TRUE(scale.Check().ok());
  }
}

TEST(LossScale, KeepsGradientsThatFloat16WouldLose) {
  LossScale scale(FLOAT16, at::kCPU);
  const at::Tensor x = Float({1}).requires_grad_();
  const auto gradient_of = [&](bool scaled) {
    // The gradient is converted to float16, whose smallest number is 6e-8.
    const at::Tensor loss = (x.to(at::kHalf).to(at::kFloat) * 1e-9).sum();
    return torch::autograd::grad({scaled ? scale.Scale(loss) : loss}, {x})[0];
  };
  EXPECT_EQ(gradient_of(false).item<float>(), 0);
  const at::Tensor gradient = gradient_of(true);
  const at::Tensor found_inf = scale.Unscale({gradient});
  EXPECT_NEAR(gradient.item<float>(), 1e-9, 1e-11);
  EXPECT_EQ(found_inf.item<float>(), 0);
}

TEST(LossScale, HalvesAfterAGradientThatIsNotFinite) {
  LossScale scale(FLOAT16, at::kCPU);
  for (const float bad : {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN()}) {
    const double before = scale.scale().item<double>();
    EXPECT_EQ(scale.Unscale({Float({1}), Float({2, bad})}).item<float>(), 1);
    EXPECT_EQ(scale.scale().item<double>(), before / 2);
    EXPECT_EQ(scale.Unscale({Float({1})}).item<float>(), 0) << "found_inf begins at 0 again";
    EXPECT_EQ(scale.scale().item<double>(), before / 2);
    EXPECT_EQ(scale.steps().item<int64_t>(), 1);
  }
}

TEST(LossScale, DoublesAfterManyStepsWithFiniteGradients) {
  LossScale scale(FLOAT16, at::kCPU);
  for (int64_t step = 0; step < LossScale::kGrowthSteps; ++step) {
    EXPECT_EQ(scale.scale().item<double>(), LossScale::kFirst);
    scale.Unscale({Float({1})});
  }
  EXPECT_EQ(scale.scale().item<double>(), 2 * LossScale::kFirst);
  EXPECT_EQ(scale.steps().item<int64_t>(), 0);
}

TEST(LossScale, TensorsKeepTheirPlaces) {
  LossScale scale(FLOAT16, at::kCPU);
  const void* const before[] = {scale.scale().data_ptr(), scale.steps().data_ptr(),
                                scale.Unscale({Float({1})}).data_ptr()};
  const void* const after[] = {scale.scale().data_ptr(), scale.steps().data_ptr(),
                               scale.Unscale({Float({kInfinity})}).data_ptr()};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(before[i], after[i]) << i;
}

TEST(LossScale, AScaleThatNoGradientFitsIsAnError) {
  LossScale scale(FLOAT16, at::kCPU);
  EXPECT_TRUE(scale.Check().ok());
  for (double value = LossScale::kFirst; value >= LossScale::kSmallest; value /= 2) {
    EXPECT_TRUE(scale.Check().ok()) << value;
    scale.Unscale({Float({kInfinity})});
  }
  const absl::Status status = scale.Check();
  EXPECT_TRUE(absl::IsInternal(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("FLOAT16"));
}

TEST(LossScale, AStepWithoutFiniteGradientsChangesNothing) {
  LossScale scale(FLOAT16, at::kCPU);
  SgdSettings sgd_settings;
  sgd_settings.set_nesterov(false);
  const at::Tensor weight = Float({1, 2}), alpha = Float({3, 4});
  Sgd sgd({weight}, sgd_settings);
  Adam adam({alpha}, AdamSettings());
  const auto step = [&](const at::Tensor& gradient) {
    const std::vector<at::Tensor> of_weight = {gradient.clone()}, of_alpha = {gradient.clone()};
    const at::Tensor found_inf = scale.Unscale(of_weight);
    ClipNorm(of_weight, 5);
    sgd.Begin(0.1);
    sgd.Move(of_weight, found_inf);
    adam.Step(of_alpha, found_inf);
  };
  step(Float({kInfinity, 1}));
  EXPECT_TRUE(weight.equal(Float({1, 2})));
  EXPECT_TRUE(alpha.equal(Float({3, 4})));
  EXPECT_TRUE(sgd.momentum()[0].equal(at::zeros({2})));
  EXPECT_TRUE(adam.means()[0].equal(at::zeros({2})));
  EXPECT_EQ(adam.steps()[0].item<float>(), 0);

  // The next step counts as the first one of the optimizers.
  step(Float({1, -1}));
  const at::Tensor other_weight = Float({1, 2}), other_alpha = Float({3, 4});
  Sgd other_sgd({other_weight}, sgd_settings);
  Adam other_adam({other_alpha}, AdamSettings());
  const std::vector<at::Tensor> of_weight = {Float({1, -1})}, of_alpha = {Float({1, -1})};
  LossScale same_scale(FLOAT16, at::kCPU);
  same_scale.Unscale({Float({kInfinity})});
  same_scale.Unscale(of_weight);
  other_sgd.Step(of_weight, 0.1);
  other_adam.Step(of_alpha);
  EXPECT_FALSE(weight.equal(Float({1, 2})));
  EXPECT_TRUE(weight.equal(other_weight));
  EXPECT_TRUE(alpha.equal(other_alpha));
}

TEST(LossScale, AnotherReasonToStopStays) {
  LossScale scale(FLOAT16, at::kCPU), off;
  const at::Tensor stop = at::ones({}), go = at::zeros({});
  EXPECT_EQ(scale.Unscale({Float({1})}, stop).item<float>(), 1);
  EXPECT_EQ(scale.scale().item<double>(), LossScale::kFirst) << "the gradients were finite";
  EXPECT_EQ(scale.Unscale({Float({1})}, go).item<float>(), 0);
  EXPECT_EQ(scale.Unscale({Float({kInfinity})}, go).item<float>(), 1);
  EXPECT_TRUE(off.Unscale({Float({1})}, stop).is_same(stop));
}

TEST(LossScale, AStateHoldsIt) {
  LossScale scale(FLOAT16, at::kCPU);
  scale.Unscale({Float({kInfinity})});
  for (int i = 0; i < 3; ++i) scale.Unscale({Float({1})});
  TrainingState state;
  SaveLossScale(scale, "weights", &state);
  LossScale other(FLOAT16, at::kCPU);
  ASSERT_TRUE(LoadLossScale(state, "weights", &other).ok());
  EXPECT_EQ(other.scale().item<double>(), LossScale::kFirst / 2);
  EXPECT_EQ(other.steps().item<int64_t>(), 3);
  const absl::Status missing = LoadLossScale(state, "alphas", &other);
  EXPECT_TRUE(absl::IsDataLoss(missing)) << missing;

  TrainingState none;
  LossScale off;
  SaveLossScale(off, "weights", &none);
  EXPECT_TRUE(none.tensors.empty());
  EXPECT_TRUE(LoadLossScale(none, "weights", &off).ok());
}

}  // namespace
}  // namespace pdarts
