#include "pdarts/nn/layers.h"

#include <cmath>
#include <functional>
#include <string>

#include "ATen/ops/conv2d.h"
#include "ATen/ops/ones.h"
#include "ATen/ops/randn.h"
#include "ATen/ops/var_mean.h"
#include "gtest/gtest.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/masks.h"
#include "pdarts/core/random.h"

namespace pdarts::nn {
namespace {

at::Tensor Random(at::IntArrayRef sizes) {
  return at::randn(sizes, MakeGenerator(1, "layers_test"), at::kDouble);
}

TEST(Convolution, IsInitializedUniformlyFromItsGenerator) {
  ConvolutionOptions options{8, 32, 5};
  options.groups = 2;
  options.bias = true;
  const Convolution first(options, MakeGenerator(1, "weights"));
  const Convolution again(options, MakeGenerator(1, "weights"));
  const Convolution other(options, MakeGenerator(2, "weights"));
  EXPECT_TRUE(first.weight().equal(again.weight()));
  EXPECT_TRUE(first.bias().equal(again.bias()));
  EXPECT_FALSE(first.weight().equal(other.weight()));

  ASSERT_EQ(first.weight().sizes(), (std::vector<int64_t>{32, 4, 5, 5}));
  const double bound = 1 / std::sqrt(4 * 5 * 5.0);
  for (const at::Tensor& parameter : first.parameters()) {
    const double largest = parameter.abs().max().item<double>();
    EXPECT_LE(largest, bound);
    EXPECT_GT(largest, 0.8 * bound);
  }
  // The standard deviation of U(-b, b) is b / sqrt(3).
  EXPECT_NEAR(first.weight().std().item<double>(), bound / std::sqrt(3.0), 0.02 * bound);
}

TEST(Linear, IsInitializedUniformly) {
  const Linear linear(100, 50, MakeGenerator(1, "weights"));
  ASSERT_EQ(linear.parameters().size(), 2u);
  for (const at::Tensor& parameter : linear.parameters()) {
    EXPECT_LE(parameter.abs().max().item<double>(), 0.1);
    EXPECT_GT(parameter.abs().max().item<double>(), 0.09);
  }
}

TEST(BatchNorm, NormalizesByTheBatchAndMovesItsStatistics) {
  BatchNorm norm(3, /*affine=*/false);
  norm.to(at::kDouble);
  EXPECT_TRUE(norm.parameters().empty());
  const at::Tensor x = Random({4, 3, 5, 5}) * 2 + 1;
  const at::Tensor y = norm.Forward(x, ForwardContext());
  const auto [biased, mean] = at::var_mean(x, {0, 2, 3}, /*unbiased=*/false);
  const at::Tensor unbiased = x.var({0, 2, 3}, /*unbiased=*/true);
  const auto column = [](const at::Tensor& t) { return t.view({1, 3, 1, 1}); };
  EXPECT_TRUE(y.allclose((x - column(mean)) / (column(biased) + 1e-5).sqrt(), 1e-12, 1e-12));
  EXPECT_TRUE(norm.running_mean().allclose(0.1 * mean, 1e-12, 1e-12));
  EXPECT_TRUE(norm.running_var().allclose(0.9 + 0.1 * unbiased, 1e-12, 1e-12));
}

TEST(BatchNorm, LeavesItsStatisticsWhenToldTo) {
  BatchNorm norm(3, /*affine=*/true);
  norm.to(at::kDouble);
  const at::Tensor x = Random({4, 3, 5, 5}) + 1;
  ForwardContext frozen;
  frozen.update_statistics = false;
  const at::Tensor y = norm.Forward(x, frozen);
  EXPECT_EQ(norm.running_mean().abs().max().item<double>(), 0);
  EXPECT_TRUE(y.equal(norm.Forward(x, ForwardContext())));
  EXPECT_GT(norm.running_mean().abs().max().item<double>(), 0);

  // In evaluation mode, the running statistics normalize, even with update_statistics.
  norm.eval();
  const at::Tensor z = norm.Forward(x, frozen);
  EXPECT_TRUE(z.equal(norm.Forward(x, ForwardContext())));
  EXPECT_FALSE(z.allclose(y));
}

TEST(BatchNorm, RefusesOneValueAChannelInTraining) {
  BatchNorm norm(3, /*affine=*/false);
  EXPECT_THROW(norm.Forward(at::ones({1, 3, 1, 1}), ForwardContext()), c10::Error);
  norm.eval();
  EXPECT_EQ(norm.Forward(at::ones({1, 3, 1, 1}), ForwardContext()).numel(), 3);
}

/// With bfloat16, the result of a layer is the rounded result for the same values in float32, and
/// so is the gradient. Parameters and statistics stay float32.
TEST(Bfloat16, LayersComputeInFloat32) {
  const at::Tensor narrow = Random({4, 3, 6, 6}).to(at::kBFloat16);
  BatchNorm norm(3, /*affine=*/true);
  const auto expect_rounded = [&](const std::string& what, at::ScalarType type,
                                  const std::function<at::Tensor(const at::Tensor&)>& layer,
                                  const std::function<at::Tensor(const at::Tensor&)>& same) {
    const at::Tensor x = narrow.clone().requires_grad_();
    const at::Tensor wide = narrow.to(at::kFloat).requires_grad_();
    const at::Tensor y = layer(x);
    const at::Tensor expected = same(wide);
    EXPECT_EQ(y.scalar_type(), type) << what;
    EXPECT_TRUE(y.equal(expected.to(type))) << what;
    const at::Tensor gradient = Random(y.sizes()).to(at::kBFloat16);
    y.backward(gradient.to(type));
    expected.backward(gradient.to(at::kFloat));
    EXPECT_TRUE(x.grad().equal(wide.grad().to(at::kBFloat16))) << what;
  };
  const auto expect_same_layer = [&](const std::string& what, at::ScalarType type,
                                     const std::function<at::Tensor(const at::Tensor&)>& layer) {
    expect_rounded(what, type, layer, layer);
  };
  expect_same_layer("average pool", at::kBFloat16,
                    [](const at::Tensor& x) { return AveragePool(x, 3, 2, 1); });
  expect_same_layer("global average pool", at::kFloat,
                    [](const at::Tensor& x) { return GlobalAveragePool(x); });
  expect_same_layer("dropout", at::kBFloat16, [](const at::Tensor& x) {
    ForwardContext context;
    context.masks = Masks({/*seed=*/1}, /*first_image=*/0);
    return Dropout(x, 0.3, context);
  });
  norm.eval();
  expect_same_layer("batch normalization", at::kBFloat16,
                    [&](const at::Tensor& x) { return norm.Forward(x, ForwardContext()); });

  // The weight of a convolution is rounded for the product. Its gradient is not rounded.
  const ConvolutionOptions options{3, 4, /*kernel=*/3};
  const Convolution convolution(options, MakeGenerator(1, "weights"));
  const at::Tensor weight = convolution.weight().detach().clone();
  const at::Tensor rounded = weight.to(at::kBFloat16).to(at::kFloat).requires_grad_();
  expect_rounded(
      "convolution", at::kBFloat16, [&](const at::Tensor& x) { return convolution.Forward(x); },
      [&](const at::Tensor& x) { return at::conv2d(x, rounded); });
  EXPECT_TRUE(convolution.weight().equal(weight));
  EXPECT_TRUE(convolution.weight().grad().equal(rounded.grad()));
  EXPECT_FALSE(rounded.grad().equal(rounded.grad().to(at::kBFloat16).to(at::kFloat)));
}

TEST(Bfloat16, BatchNormStatisticsAreFloat32) {
  BatchNorm norm(3, /*affine=*/true), same(3, /*affine=*/true);
  const at::Tensor x = (Random({4, 3, 6, 6}) + 1).to(at::kBFloat16);
  const at::Tensor y = norm.Forward(x, ForwardContext());
  const at::Tensor expected = same.Forward(x.to(at::kFloat), ForwardContext());
  EXPECT_EQ(y.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(y.to(at::kFloat).allclose(expected, 0.01, 0.01));
  EXPECT_EQ(norm.running_mean().scalar_type(), at::kFloat);
  EXPECT_TRUE(norm.running_mean().allclose(same.running_mean(), 1e-6, 1e-6));
  EXPECT_TRUE(norm.running_var().allclose(same.running_var(), 1e-6, 1e-6));
}

TEST(Float16, LayersTakeAndGiveFloat16BesideFloat32Parameters) {
  ConvolutionOptions dense{3, 4, /*kernel=*/3}, depthwise{3, 3, /*kernel=*/3};
  dense.bias = true;
  depthwise.groups = 3;
  for (const ConvolutionOptions& options : {dense, depthwise}) {
    const Convolution convolution(options, MakeGenerator(1, "weights"));
    const at::Tensor x = Random({4, 3, 6, 6}).to(at::kHalf).requires_grad_();
    const at::Tensor y = convolution.Forward(x);
    EXPECT_EQ(y.scalar_type(), at::kHalf);
    const at::Tensor expected = convolution.Forward(x.detach().to(at::kFloat));
    EXPECT_TRUE(y.to(at::kFloat).allclose(expected, 0.01, 0.01)) << options.groups;
    EXPECT_FALSE(y.to(at::kFloat).equal(expected)) << options.groups;
    y.backward(at::ones_like(y));
    EXPECT_EQ(x.grad().scalar_type(), at::kHalf);
    EXPECT_EQ(convolution.weight().grad().scalar_type(), at::kFloat);
  }
  BatchNorm norm(3, /*affine=*/true);
  const at::Tensor x = (Random({4, 3, 6, 6}) + 1).to(at::kHalf);
  EXPECT_EQ(norm.Forward(x, ForwardContext()).scalar_type(), at::kHalf);
  EXPECT_EQ(norm.running_mean().scalar_type(), at::kFloat);
  EXPECT_TRUE(norm.running_mean().allclose(0.1 * x.to(at::kFloat).mean({0, 2, 3}), 1e-4, 1e-4));
  EXPECT_EQ(GlobalAveragePool(x).scalar_type(), at::kFloat);
  EXPECT_EQ(AsStored(Random({2, 3}), at::kHalf).scalar_type(), at::kHalf);
}

TEST(Dropout, DropsElementsAndScalesTheRest) {
  ForwardContext context;
  context.masks = Masks({/*seed=*/1}, /*first_image=*/0);
  const at::Tensor y = Dropout(at::ones({10, 8, 16, 16}), 0.25, context);
  const double dropped = (y == 0).to(at::kFloat).mean().item<double>();
  EXPECT_NEAR(dropped, 0.25, 0.01);
  EXPECT_TRUE(((y == 0) | (y - 1 / 0.75).abs().lt(1e-6)).all().item<bool>());
  EXPECT_EQ(Dropout(at::ones({2, 1, 1, 1}), 1, context).abs().max().item<double>(), 0);
  EXPECT_TRUE(y.equal(Dropout(at::ones({10, 8, 16, 16}), 0.25, context))) << "one pass, one mask";
  EXPECT_FALSE(y.equal(Dropout(at::ones({10, 8, 16, 16}), 0.25, context.At(0))));
}

TEST(MacTally, CountsConvolutionsAndLinearLayers) {
  ConvolutionOptions options{4, 8, 3, 2};
  options.padding = 1;
  options.groups = 2;
  const Convolution convolution(options, MakeGenerator(1, "weights"));
  const Linear linear(8, 10, MakeGenerator(1, "weights"));
  MacTally tally;
  const at::Tensor y = convolution.Forward(at::ones({1, 4, 8, 8}));
  EXPECT_EQ(tally.macs(), 8 * 4 * 4 * (2 * 3 * 3));
  linear.Forward(GlobalAveragePool(y));
  EXPECT_EQ(tally.macs(), 8 * 4 * 4 * (2 * 3 * 3) + 8 * 10);
}

}  // namespace
}  // namespace pdarts::nn
