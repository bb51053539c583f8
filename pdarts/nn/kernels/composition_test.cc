// Tests of the roundings of the composition with bfloat16 and float16 activations, with numbers
// that can be checked by hand. bfloat16 has 8 bits of precision: between 1 and 2 its values are
// 1/128 apart, between 256 and 512 they are 2 apart, and a tie goes to the value whose last bit is
// 0.

#include "pdarts/nn/kernels/composition.h"

#include <utility>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/cosine_similarity.h"
#include "ATen/ops/ones.h"
#include "ATen/ops/ones_like.h"
#include "ATen/ops/randn.h"
#include "ATen/ops/tensor.h"
#include "ATen/ops/zeros.h"
#include "gtest/gtest.h"
#include "pdarts/core/random.h"
#include "pdarts/nn/kernels/activation_storage.h"
#include "pdarts/nn/kernels/test_convolutions.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts::nn {
namespace {

constexpr double kStep = 1. / 128;  ///< between bfloat16's values from 1 to 2

at::Tensor Float(const std::vector<double>& values, at::IntArrayRef sizes) {
  return at::tensor(values, at::kDouble).view(sizes).to(at::kFloat);
}

at::Tensor Stored(const std::vector<double>& values, at::IntArrayRef sizes) {
  return Float(values, sizes).to(at::kBFloat16);
}

at::Tensor Parameter(const std::vector<double>& values, at::IntArrayRef sizes) {
  return Float(values, sizes).requires_grad_();
}

void ExpectValues(const at::Tensor& actual, at::ScalarType type,
                  const std::vector<double>& expected) {
  EXPECT_EQ(actual.scalar_type(), type);
  const at::Tensor values = actual.detach().to(at::kDouble).flatten();
  ASSERT_EQ(values.numel(), static_cast<int64_t>(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(values[static_cast<int64_t>(i)].item<double>(), expected[i]) << i;
  }
}

std::vector<at::Tensor> Gradients(const at::Tensor& value, const std::vector<at::Tensor>& inputs,
                                  const at::Tensor& gradient = {}) {
  return torch::autograd::grad({value}, inputs,
                               {gradient.defined() ? gradient : at::ones_like(value)});
}

/// Normalizes by a mean of 0 and a variance of 1, which does not change the values.
BatchNormArgs Unchanged(int64_t channels) {
  BatchNormArgs bn;
  bn.running_mean = at::zeros({channels});
  bn.running_var = at::ones({channels});
  bn.training = false;
  bn.eps = 0;
  return bn;
}

/// A cell with one input and one node, with one operation between them.
MixedCellArgs OneOperation(CellOperation operation, int64_t channels, int64_t side) {
  MixedCellArgs cell;
  cell.num_inputs = 1;
  cell.num_nodes = 2;
  cell.edges.push_back({0, 1, {std::move(operation)}, {}});
  cell.output_nodes = {1};
  cell.channels = channels;
  cell.height = cell.width = side;
  return cell;
}

CellOperation PointwiseOperation(const at::Tensor& weight, const BatchNormArgs& bn) {
  CellOperation operation;
  operation.kind = CellOperation::Kind::kConvolution;
  operation.chain.push_back({PointwiseConvolution(weight), bn});
  return operation;
}

TEST(ActivationStorage, RoundsToTheNearestAndTiesToEven) {
  const ActivationStorage storage(at::zeros({1}, at::kBFloat16));
  const at::Tensor exact = Float({1 + kStep / 2, 1 + 3 * kStep / 2, 1 + kStep / 2 + 1e-6}, {3});
  const std::vector<double> expected = {1, 1 + 2 * kStep, 1 + kStep};
  ExpectValues(storage.Keep(exact), at::kFloat, expected);
  ExpectValues(storage.Rounded(exact), at::kFloat, expected);
  ExpectValues(storage.Narrow(exact), at::kBFloat16, expected);
}

TEST(ActivationStorage, RoundsTheGradientOfAStoredValueOnceAfterTheSum) {
  const ActivationStorage storage(at::zeros({1}, at::kBFloat16));
  const at::Tensor x = Parameter({1}, {1});
  const at::Tensor kept = storage.Keep(x);
  // 1, and a little more than half a step in two parts. Each part alone would be lost.
  const at::Tensor y = kept + kept * (kStep / 4) + kept * (kStep / 4 + 1e-4);
  ExpectValues(Gradients(y, {x})[0], at::kFloat, {1 + kStep});
}

TEST(ActivationStorage, ARoundedOperandPassesItsGradientUnchanged) {
  const ActivationStorage storage(at::zeros({1}, at::kBFloat16));
  const at::Tensor weight = Parameter({1 + kStep / 4}, {1});
  ExpectValues(Gradients(storage.Rounded(weight), {weight}, Float({1 + kStep / 4}, {1}))[0],
               at::kFloat, {1 + kStep / 4});
  ExpectValues(
      Gradients(storage.WithRoundedGradient(weight), {weight}, Float({1 + kStep / 4}, {1}))[0],
      at::kFloat, {1});
  ExpectValues(storage.WithRoundedGradient(weight), at::kFloat, {1 + kStep / 4});
}

TEST(ActivationStorage, LeavesOtherTypesAlone) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const at::Tensor x = Float({1 + kStep / 4}, {1}).to(type);
    const ActivationStorage storage(x);
    for (const at::Tensor& same : {storage.Widen(x), storage.Narrow(x), storage.Keep(x),
                                   storage.Rounded(x), storage.WithRoundedGradient(x)}) {
      EXPECT_TRUE(same.is_same(x));
    }
  }
}

TEST(ActivationStorage, Float16IsComputedWithAsItIsStored) {
  constexpr double kTie = 1. / 2048;  // half a step of float16 above 1
  const ActivationStorage storage(at::zeros({1}, at::kHalf));
  EXPECT_TRUE(storage.computes_narrow());
  EXPECT_FALSE(storage.rounds());
  const at::Tensor half = Float({1 + 2 * kTie}, {1}).to(at::kHalf);
  EXPECT_TRUE(storage.Widen(half).is_same(half));
  EXPECT_TRUE(storage.Narrow(half).is_same(half));
  ExpectValues(storage.ForSum(half), at::kFloat, {1 + 2 * kTie});
  const at::Tensor weight = Parameter({1 + kTie}, {1});
  for (const at::Tensor& operand : {storage.Rounded(weight), storage.Operand(weight)}) {
    ExpectValues(operand, at::kHalf, {1});
    ExpectValues(Gradients(operand, {weight})[0], at::kFloat, {1});
  }
  EXPECT_FALSE(storage.Operand(at::Tensor()).defined());
  EXPECT_EQ(ActivationStorage::ComputedOptions(half).dtype(), at::kFloat);
}

TEST(Composition, APointwiseConvolutionRoundsOperandsAndResultButNoWeightGradient) {
  const ReluConvolution convolution =
      PointwiseConvolution(Parameter({1 + 3 * kStep / 4, 1}, {1, 2, 1, 1}));
  const at::Tensor before = convolution.weight.detach().clone();
  // Two pixels, (256, -1) and (1, 2).
  const at::Tensor x = Stored({256, 1, -1, 2}, {1, 2, 1, 2}).requires_grad_();
  const at::Tensor y = composition::Convolve(x, convolution, std::nullopt);
  // The weight is rounded to 1 + step for the product: 256 + 2, and 1 + step + 2, which ties to 3.
  ExpectValues(y, at::kBFloat16, {258, 3});
  const std::vector<at::Tensor> gradients = Gradients(y, {x, convolution.weight});
  ExpectValues(gradients[0], at::kBFloat16, {1 + kStep, 1 + kStep, 0, 1});
  ExpectValues(gradients[1], at::kFloat, {257, 2});  // 257 is not a bfloat16 value
  EXPECT_TRUE(convolution.weight.equal(before));
}

TEST(Composition, ADepthwiseConvolutionMultipliesFloat32) {
  std::vector<double> center(9);
  center[4] = 1 + 3 * kStep / 4;
  const ReluConvolution convolution =
      SeparableConvolution(Parameter(center, {1, 1, 3, 3}), Parameter({1}, {1, 1, 1, 1}));
  const at::Tensor x = Stored({3, 256}, {2, 1, 1, 1}).requires_grad_();
  const at::Tensor y = composition::Convolve(x, convolution, std::nullopt);
  // 3 + 2.25 steps, where bfloat16's values are 2 steps apart. The rounded weight would give 3
  // steps, and with them 3 + 4 steps. 256 + 1.5 is nearest to 258.
  ExpectValues(y, at::kBFloat16, {3 + 2 * kStep, 258});
  const std::vector<at::Tensor> gradients =
      Gradients(y, {x, convolution.depthwise, convolution.weight});
  ExpectValues(gradients[0], at::kBFloat16, {1 + kStep, 1 + kStep});
  EXPECT_EQ(gradients[1].flatten()[4].item<double>(), 259);       // from float32 values
  ExpectValues(gradients[2], at::kFloat, {3 + 2 * kStep + 258});  // from rounded operands
}

TEST(Composition, PoolsRoundTheirResults) {
  // The mean of the four pixels is 1 + step / 4.
  const at::Tensor x = Stored({1, 1, 1, 1 + kStep}, {1, 1, 2, 2});
  ExpectValues(composition::AveragePool3x3(x, 2), at::kBFloat16, {1});
  ExpectValues(composition::MaxPool3x3(x, 2), at::kBFloat16, {1 + kStep});
}

TEST(Composition, ANodeIsRoundedOnceAndItsCoefficientsHaveFloat32Gradients) {
  const at::Tensor coefficients = Parameter({1, 1, 1}, {3});
  const at::Tensor x = Stored({256, 1}, {2, 1, 1, 1}).requires_grad_();
  const at::Tensor small = Stored({0.75, 0}, {2, 1, 1, 1});
  const at::Tensor y =
      composition::NodeSum({{x, {}, {}, 1}, {small, {}, {}, 1}, {small, {}, {}, 1}}, coefficients);
  ExpectValues(y, at::kBFloat16, {258, 1});  // 256 + 0.75 alone would stay 256
  const std::vector<at::Tensor> gradients = Gradients(y, {coefficients});
  ExpectValues(gradients[0], at::kFloat, {257, 0.75, 0.75});
}

TEST(Composition, ACellNormalizesTheRoundedResultByTheStatisticsOfTheExactOne) {
  // Results of channel 0: 257, which is stored as 256, and 256. Results of channel 1: 256 and 256.
  BatchNormArgs bn;
  bn.running_mean = at::zeros({2});
  bn.running_var = at::zeros({2});
  bn.eps = 0.75;
  const MixedCellArgs cell =
      OneOperation(PointwiseOperation(Parameter({1, 1, 1, 0}, {2, 2, 1, 1}), bn), 2, 1);
  const at::Tensor x = Stored({256, 1, 256, 0}, {2, 2, 1, 1});
  const at::Tensor y = composition::MixedCell(cell, {x}, at::ones({1}));
  // (256 - 256.5) / sqrt(0.25 + 0.75)
  ExpectValues(y, at::kBFloat16, {-0.5, 0, -0.5, 0});
  EXPECT_NEAR(bn.running_mean[0].item<double>(), 25.65, 1e-5);
  EXPECT_NEAR(bn.running_var[0].item<double>(), 0.05, 1e-5);  // unbiased: 0.5
}

TEST(Composition, ACellRoundsTheGradientThatReachesAPointwiseConvolution) {
  const at::Tensor weight = Parameter({1}, {1, 1, 1, 1});
  const MixedCellArgs cell = OneOperation(PointwiseOperation(weight, Unchanged(1)), 1, 1);
  const at::Tensor coefficients = Parameter({1 + 3 * kStep / 4}, {1});
  const at::Tensor x = Stored({256, 1}, {2, 1, 1, 1}).requires_grad_();
  const at::Tensor y = composition::MixedCell(cell, {x}, coefficients);
  ExpectValues(y, at::kBFloat16, {258, 1 + kStep});  // 256 + 1.5, and 1 + 0.75 steps
  const std::vector<at::Tensor> gradients = Gradients(y, {x, weight, coefficients});
  ExpectValues(gradients[0], at::kBFloat16, {1 + kStep, 1 + kStep});
  ExpectValues(gradients[1], at::kFloat, {257 * (1 + kStep)});
  ExpectValues(gradients[2], at::kFloat, {257});
}

TEST(Composition, ACellRoundsTheGradientOfAnInputOnce) {
  // Two nodes, each of which is the input times a coefficient.
  MixedCellArgs cell = OneOperation({}, 1, 1);
  cell.num_nodes = 3;
  CellEdge second = cell.edges[0];
  second.to = 2;
  second.operations[0].coefficient = 1;
  cell.edges.push_back(second);
  cell.output_nodes = {1, 2};
  const at::Tensor x = Stored({1}, {1, 1, 1, 1}).requires_grad_();
  const at::Tensor y = composition::MixedCell(cell, {x}, Float({1, kStep / 2 + 1e-4}, {2}));
  ExpectValues(Gradients(y, {x})[0], at::kBFloat16, {1 + kStep});
}

TEST(Composition, TermsOfFloat16AreAddedUpInFloat32) {
  // 2048 + 1 alone would stay 2048 in float16.
  NodeTerm large, small;
  large.value = Float({2048}, {1, 1, 1, 1}).to(at::kHalf);
  small.value = Float({1}, {1, 1, 1, 1}).to(at::kHalf);
  const at::Tensor coefficients = Parameter({1, 1, 1}, {3});
  const at::Tensor y = composition::NodeSum({large, small, small}, coefficients);
  ExpectValues(y, at::kHalf, {2050});
  ExpectValues(Gradients(y, {coefficients})[0], at::kFloat, {2048, 1, 1});
}

/// A separable convolution of two ReLU-conv-BNs, pools and the input itself, in one cell.
TEST(Composition, ACellAgreesWithFloat64) {
  constexpr int64_t kChannels = 6, kSide = 8;
  at::Generator generator = MakeGenerator(1, "composition_test");
  const auto random = [&](at::IntArrayRef sizes) {
    return at::randn(sizes, generator, at::kDouble).to(at::kBFloat16).to(at::kDouble);
  };
  const std::vector<at::Tensor> values = {
      random({4, kChannels, kSide, kSide}),     random({kChannels, 1, 3, 3}) / 3,
      random({kChannels, kChannels, 1, 1}) / 2, random({kChannels, 1, 5, 5}) / 5,
      random({kChannels, kChannels, 1, 1}) / 2, random({4}).abs() + 0.5,
      random({4, kChannels, kSide, kSide})};
  const auto run = [&](at::ScalarType storage, at::ScalarType type) {
    std::vector<at::Tensor> t;
    for (const at::Tensor& value : values) t.push_back(value.to(type).clone().requires_grad_());
    BatchNormArgs bn;
    bn.running_mean = at::zeros({kChannels}, type);
    bn.running_var = at::ones({kChannels}, type);
    MixedCellArgs cell = OneOperation({}, kChannels, kSide);
    CellOperation separable, max, average;
    separable.kind = CellOperation::Kind::kConvolution;
    for (const size_t first : {1, 3}) {
      separable.chain.push_back({SeparableConvolution(t[first], t[first + 1]), bn});
    }
    max.kind = CellOperation::Kind::kMaxPool;
    max.batch_norm = bn;
    average.kind = CellOperation::Kind::kAveragePool;
    average.batch_norm = bn;
    separable.coefficient = 1;
    max.coefficient = 2;
    average.coefficient = 3;
    cell.edges[0].operations = {{}, separable, max, average};
    const at::Tensor y = composition::MixedCell(cell, {t[0].to(storage)}, t[5]);
    EXPECT_EQ(y.scalar_type(), storage);
    std::vector<at::Tensor> results = {y};
    const std::vector<at::Tensor> parameters(t.begin(), t.begin() + 6);
    for (const at::Tensor& gradient : Gradients(y, parameters, values[6].to(storage))) {
      EXPECT_EQ(gradient.scalar_type(), type);
      results.push_back(gradient);
    }
    return results;
  };
  const std::vector<at::Tensor> exact = run(at::kDouble, at::kDouble);
  for (const at::ScalarType storage : {at::kBFloat16, at::kHalf}) {
    const std::vector<at::Tensor> rounded = run(storage, at::kFloat);
    for (size_t i = 0; i < exact.size(); ++i) {
      const at::Tensor a = rounded[i].detach().to(at::kDouble).flatten();
      const at::Tensor b = exact[i].detach().flatten();
      // The value is close. Gradients differ more if a rounding error moves a value across the zero
      // of the ReLU between the two convolutions.
      EXPECT_GT(at::cosine_similarity(a, b, 0).item<double>(), i == 0 ? 0.9999 : 0.95)
          << storage << " " << i;
      EXPECT_FALSE(a.equal(b)) << storage << " " << i;
    }
  }
}

}  // namespace
}  // namespace pdarts::nn
