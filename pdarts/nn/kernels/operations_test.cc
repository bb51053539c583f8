#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "ATen/ops/allclose.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/empty_like.h"
#include "ATen/ops/full.h"
#include "ATen/ops/ones.h"
#include "ATen/ops/ones_like.h"
#include "ATen/ops/randint.h"
#include "ATen/ops/zeros.h"
#include "gmock/gmock.h"
#include "pdarts/core/communicator.h"
#include "pdarts/core/masks.h"
#include "pdarts/nn/kernels/convolution.h"
#include "pdarts/nn/kernels/dropout.h"
#include "pdarts/nn/kernels/node_sum.h"
#include "pdarts/nn/kernels/pooling.h"
#include "pdarts/nn/kernels/prepared_convolutions.h"
#include "pdarts/nn/kernels/test_convolutions.h"
#include "pdarts/nn/kernels/testing.h"

namespace pdarts::nn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

struct Size {
  int64_t n, c, h, w;
};

std::string Text(const Size& s) {
  std::string text;
  for (const int64_t v : {s.n, s.c, s.h, s.w}) text += std::to_string(v) + " ";
  return text;
}

/// A batch of one, one pixel, one row, odd sides, and numbers of channels below, equal to, above
/// and between widths of vectors. 100 channels need products of four, two and one vectors.
const Size kSizes[] = {{2, 1, 1, 1},  {1, 3, 5, 7},   {3, 16, 8, 8},  {2, 4, 1, 9},  {2, 8, 6, 4},
                       {1, 20, 4, 6}, {2, 33, 3, 10}, {1, 36, 2, 17}, {2, 100, 2, 4}};

BatchNormArgs BatchNorm(const at::Tensor& like, int64_t channels, bool training) {
  BatchNormArgs bn;
  // Values that differ from the initial values, and between channels.
  const at::Tensor some = at::randn({channels}, MakeGenerator(3, "running"), at::kDouble);
  const at::ScalarType type = like.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  bn.running_mean = (0.3 * some).to(type);
  bn.running_var = (1 + 0.5 * some * some).to(type);
  bn.training = training;
  return bn;
}

class Convolution : public KernelTest {
 protected:
  using Tensors = std::vector<at::Tensor>;

  /// A kind of convolution with 7 or 8 channels in the result. `make` gets x, the weight and the
  /// bias of the batch normalization, and `weights`.
  struct Kind {
    std::string name;
    Tensors weights;
    std::function<ReluConvolution(const Tensors&)> make;
  };

  /// All kinds but the separable one, for c channels.
  std::vector<Kind> OtherKinds(int64_t c) {
    return {
        {"pointwise",
         {Random({7, c, 1, 1})},
         [](const Tensors& t) { return PointwiseConvolution(t[3]); }},
        {"pointwise with bias",
         {Random({7, c, 1, 1}), Random({7})},
         [](const Tensors& t) { return PointwiseConvolution(t[3], t[4]); }},
        {"factorized reduction",
         {Random({4, c, 1, 1}), Random({4, c, 1, 1})},
         [](const Tensors& t) { return FactorizedReduction(t[3], t[4]); }},
        {"dense", {Random({7, c, 3, 3})}, [](const Tensors& t) { return DenseConvolution(t[3]); }},
        {"dense with bias and dilation",
         {Random({7, c, 5, 5}), Random({7})},
         [](const Tensors& t) { return DenseConvolution(t[3], t[4], /*dilation=*/2); }},
    };
  }

  /// A convolution behind a batch normalization.
  static at::Tensor Convolved(const Backend& backend, const Kind& kind, const Tensors& t,
                              bool training) {
    BatchNormArgs bn = BatchNorm(t[0], t[0].size(1), training);
    bn.weight = t[1];
    bn.bias = t[2];
    return Convolve(backend, t[0], kind.make(t), bn);
  }
};

TEST_P(Convolution, SeparableMatchesTheComposition) {
  for (const Size& s : kSizes) {
    for (const int64_t k : {3, 5}) {
      for (const int64_t stride : {1, 2}) {
        for (const int64_t dilation : {1, 2}) {
          const int64_t out = s.c == 16 ? 24 : s.c;
          ExpectSame(
              [&](const Backend& backend, const std::vector<at::Tensor>& t) {
                return Convolve(backend, t[0], SeparableConvolution(t[1], t[2], stride, dilation));
              },
              {Random({s.n, s.c, s.h, s.w}), Random({s.c, 1, k, k}), Random({out, s.c, 1, 1})},
              Text(s) + "k " + std::to_string(k) + " stride " + std::to_string(stride) +
                  " dilation " + std::to_string(dilation));
        }
      }
    }
  }
}

TEST_P(Convolution, BehindABatchNormMatchesTheComposition) {
  set_has_edges();  // the mean of a few bfloat16 values can be equal to one of them
  for (const Size& s : kSizes) {
    for (const bool training : {true, false}) {
      for (const bool affine : {true, false}) {
        for (const int64_t stride : {1, 2}) {
          std::vector<at::Tensor> inputs = {Random({s.n, s.c, s.h, s.w}) * 2 + 3,
                                            Random({s.c, 1, 3, 3}), Random({s.c, s.c, 1, 1})};
          if (affine) {
            inputs.push_back(Random({s.c}));
            inputs.push_back(Random({s.c}));
          }
          ExpectSame(
              [&](const Backend& backend, const std::vector<at::Tensor>& t) {
                BatchNormArgs bn = BatchNorm(t[0], s.c, training);
                if (affine) {
                  bn.weight = t[3];
                  bn.bias = t[4];
                }
                return Convolve(backend, t[0], SeparableConvolution(t[1], t[2], stride), bn);
              },
              inputs, Text(s) + (training ? "training" : "evaluation") + (affine ? " affine" : ""),
              10);
        }
      }
    }
  }
}

TEST_P(Convolution, PointwiseMatchesTheComposition) {
  for (const Size& s : kSizes) {
    for (const int64_t out : {s.c, int64_t{5}, int64_t{48}, int64_t{60}, int64_t{64}}) {
      for (const bool bias : {true, false}) {
        std::vector<at::Tensor> inputs = {Random({s.n, s.c, s.h, s.w}), Random({out, s.c, 1, 1})};
        if (bias) inputs.push_back(Random({out}));
        ExpectSame(
            [&](const Backend& backend, const std::vector<at::Tensor>& t) {
              return Convolve(backend, t[0],
                              PointwiseConvolution(t[1], bias ? t[2] : at::Tensor()));
            },
            inputs, Text(s) + "to " + std::to_string(out) + (bias ? " with bias" : ""));
      }
    }
  }
}

TEST_P(Convolution, FactorizedReduceMatchesTheComposition) {
  for (const Size& s : {Size{2, 1, 2, 2}, {3, 16, 8, 4}, {1, 20, 6, 10}, {2, 8, 4, 4}}) {
    for (const int64_t half : {1, 4, 10}) {
      ExpectSame(
          [&](const Backend& backend, const std::vector<at::Tensor>& t) {
            return Convolve(backend, t[0], FactorizedReduction(t[1], t[2]));
          },
          {Random({s.n, s.c, s.h, s.w}), Random({half, s.c, 1, 1}), Random({half, s.c, 1, 1})},
          Text(s));
    }
  }
}

TEST_P(Convolution, DenseMatchesTheComposition) {
  for (const Size& s : kSizes) {
    for (const int64_t k : {3, 5}) {
      for (const bool bias : {true, false}) {
        for (const int64_t dilation : {1, 2}) {
          const int64_t out = s.c == 16 ? 24 : s.c;
          std::vector<at::Tensor> inputs = {Random({s.n, s.c, s.h, s.w}), Random({out, s.c, k, k})};
          if (bias) inputs.push_back(Random({out}));
          ExpectSame(
              [&](const Backend& backend, const std::vector<at::Tensor>& t) {
                return Convolve(backend, t[0],
                                DenseConvolution(t[1], bias ? t[2] : at::Tensor(), dilation));
              },
              inputs,
              Text(s) + "k " + std::to_string(k) + " dilation " + std::to_string(dilation) +
                  (bias ? " with bias" : ""));
        }
      }
    }
  }
}

TEST_P(Convolution, OtherKindsBehindABatchNormMatchTheComposition) {
  for (const Size& s : {Size{3, 16, 8, 4}, {1, 20, 6, 10}}) {
    for (const Kind& kind : OtherKinds(s.c)) {
      for (const bool training : {true, false}) {
        Tensors inputs = {Random({s.n, s.c, s.h, s.w}) * 2 + 3, Random({s.c}), Random({s.c})};
        inputs.insert(inputs.end(), kind.weights.begin(), kind.weights.end());
        const auto convolve = [&](const Backend& backend, const Tensors& t) {
          return Convolved(backend, kind, t, training);
        };
        const std::string what =
            Text(s) + kind.name + (training ? " in training" : " in evaluation");
        ExpectSame(convolve, inputs, what, 10);
        ExpectSame(WithManyThreads(convolve), inputs, what + " with many threads", 10);
        at::set_num_threads(2);
      }
    }
  }
}

TEST_P(Convolution, MatchesTheCompositionWithMoreThreadsThanImages) {
  // Without a batch normalization. Most images are divided into rows.
  for (const Size& s : {Size{1, 20, 6, 10}, {2, 33, 2, 2}, {3, 16, 8, 4}}) {
    ExpectSame(WithManyThreads([](const Backend& backend, const std::vector<at::Tensor>& t) {
                 return Convolve(backend, t[0], PointwiseConvolution(t[1], t[2]));
               }),
               {Random({s.n, s.c, s.h, s.w}), Random({5, s.c, 1, 1}), Random({5})},
               "pointwise " + Text(s));
    ExpectSame(WithManyThreads([](const Backend& backend, const std::vector<at::Tensor>& t) {
                 return Convolve(backend, t[0], FactorizedReduction(t[1], t[2]));
               }),
               {Random({s.n, s.c, s.h, s.w}), Random({4, s.c, 1, 1}), Random({4, s.c, 1, 1})},
               "reduction " + Text(s));
    ExpectSame(WithManyThreads([](const Backend& backend, const std::vector<at::Tensor>& t) {
                 return Convolve(backend, t[0], DenseConvolution(t[1]));
               }),
               {Random({s.n, s.c, s.h, s.w}), Random({5, s.c, 3, 3})}, "dense " + Text(s));
  }
}

TEST_P(Convolution, TakesAnyMemoryFormat) {
  const at::Tensor x = Random({2, 12, 6, 5}).to(GetParam().storage);
  const at::Tensor depthwise = Random({12, 1, 3, 3}).to(GetParam().parameters());
  const at::Tensor pointwise = Random({12, 12, 1, 1}).to(GetParam().parameters());
  const ReluConvolution convolution = SeparableConvolution(depthwise, pointwise);
  const at::Tensor plain = Convolve(Fused(), x, convolution);
  for (const at::Tensor& same : {x.contiguous(at::MemoryFormat::ChannelsLast),
                                 x.transpose(2, 3).contiguous().transpose(2, 3),
                                 at::zeros({2, 15, 6, 5}, x.options()).slice(1, 2, 14).copy_(x)}) {
    EXPECT_TRUE(plain.equal(Convolve(Fused(), same, convolution)));
    EXPECT_TRUE(MaxPool3x3(Fused(), x, 2).equal(MaxPool3x3(Fused(), same, 2)));
  }
}

TEST_P(Convolution, ComputesTheGradientsThatAreAskedFor) {
  for (int asked = 0; asked < 8; ++asked) {
    std::vector<at::Tensor> t =
        Typed({Random({2, 5, 4, 4}), Random({5, 1, 3, 3}), Random({5, 5, 1, 1})});
    std::vector<at::Tensor> all, some;
    for (int i = 0; i < 3; ++i) {
      t[i] = t[i].set_requires_grad(true);
      all.push_back(t[i]);
    }
    const at::Tensor y = Convolve(Fused(), t[0], SeparableConvolution(t[1], t[2]));
    const auto expected = torch::autograd::grad({y}, all, {y.detach()});
    for (int i = 0; i < 3; ++i) {
      t[i] = t[i].detach().set_requires_grad((asked >> i & 1) != 0);
      if (t[i].requires_grad()) some.push_back(t[i]);
    }
    const at::Tensor z = Convolve(Fused(), t[0], SeparableConvolution(t[1], t[2]));
    EXPECT_EQ(z.requires_grad(), asked != 0);
    if (asked == 0) continue;
    const auto actual = torch::autograd::grad({z}, some, {y.detach()});
    for (int i = 0, j = 0; i < 3; ++i) {
      if ((asked >> i & 1) != 0) {
        EXPECT_TRUE(actual[j++].equal(expected[i])) << asked << " " << i;
      }
    }
  }
}

TEST_P(Convolution, OfOtherKindsComputesEachGradientAlone) {
  for (const int threads : {2, 8}) {
    at::set_num_threads(threads);
    for (const Kind& kind : OtherKinds(20)) {
      Tensors inputs = {Random({2, 20, 6, 4}), Random({20}), Random({20})};
      inputs.insert(inputs.end(), kind.weights.begin(), kind.weights.end());
      const Tensors all = Leaves(inputs);
      const at::Tensor y = Convolved(Fused(), kind, all, /*training=*/true);
      const at::Tensor g = Random(y.sizes()).to(GetParam().storage);
      const Tensors expected = torch::autograd::grad({y}, all, {g});
      for (size_t i = 0; i < all.size(); ++i) {
        Tensors one;
        for (const at::Tensor& t : all) one.push_back(t.detach());
        one[i].set_requires_grad(true);
        const at::Tensor z = Convolved(Fused(), kind, one, /*training=*/true);
        EXPECT_TRUE(torch::autograd::grad({z}, {one[i]}, {g})[0].equal(expected[i]))
            << kind.name << " " << i << ", " << threads << " threads";
      }
    }
  }
}

PDARTS_INSTANTIATE_KERNEL_TEST(Convolution);

class Pooling : public KernelTest {};

TEST_P(Pooling, MatchesTheComposition) {
  for (const Size& s : kSizes) {
    for (const int64_t stride : {1, 2}) {
      const std::string what = Text(s) + "stride " + std::to_string(stride);
      ExpectSame(
          [&](const Backend& backend, const std::vector<at::Tensor>& t) {
            return MaxPool3x3(backend, t[0], stride);
          },
          {Random({s.n, s.c, s.h, s.w})}, "max " + what);
      ExpectSame(
          [&](const Backend& backend, const std::vector<at::Tensor>& t) {
            return AveragePool3x3(backend, t[0], stride);
          },
          {Random({s.n, s.c, s.h, s.w})}, "average " + what);
    }
  }
}

TEST_P(Pooling, GivesTiesToTheFirst) {
  for (const int64_t stride : {1, 2}) {
    // There are only three values, so that most windows contain the greatest one more than once.
    const at::Tensor x = at::randint(3, {2, 18, 7, 9}, MakeGenerator(1, "ties"), at::kDouble) - 1;
    ExpectSame([&](const Backend& backend,
                   const std::vector<at::Tensor>& t) { return MaxPool3x3(backend, t[0], stride); },
               {x}, "stride " + std::to_string(stride));
  }
}

TEST_P(Pooling, KeepsNaN) {
  for (const int64_t channels : {3, 16}) {
    at::Tensor x = Random({1, channels, 5, 5}).to(GetParam().storage);
    x[0][1][0][0].fill_(NAN);
    // The NaN has every place of a window in one of the nine windows around it.
    x[0][2][2][2].fill_(NAN);
    for (const at::Tensor& y : {MaxPool3x3(Fused(), x, 1), AveragePool3x3(Fused(), x, 1)}) {
      EXPECT_EQ(y[0][1].isnan().sum().item<int64_t>(), 4);
      EXPECT_TRUE(y[0][1][1][1].isnan().item<bool>());
      EXPECT_EQ(y[0][2].isnan().sum().item<int64_t>(), 9);
      EXPECT_EQ(y.isnan().sum().item<int64_t>(), 13);
    }
    // Both stay NaN with stride 2: the windows around (0, 0), and (2, 2).
    const at::Tensor y = MaxPool3x3(Fused(), x, 2);
    EXPECT_TRUE(y[0][1][0][0].isnan().item<bool>());
    EXPECT_EQ(y[0][2].isnan().sum().item<int64_t>(), 1);
  }
}

TEST_P(Pooling, OfOneRowOrOneColumnMatchesTheComposition) {
  for (const Size& s : {Size{1, 17, 1, 2}, {2, 3, 2, 1}, {1, 16, 5, 1}, {1, 33, 2, 2}}) {
    for (const int64_t stride : {1, 2}) {
      const auto max = [&](const Backend& backend, const std::vector<at::Tensor>& t) {
        return MaxPool3x3(backend, t[0], stride);
      };
      const auto average = [&](const Backend& backend, const std::vector<at::Tensor>& t) {
        return AveragePool3x3(backend, t[0], stride);
      };
      const std::vector<at::Tensor> inputs = {Random({s.n, s.c, s.h, s.w})};
      ExpectSame(max, inputs, "max " + Text(s) + "stride " + std::to_string(stride));
      ExpectSame(average, inputs, "average " + Text(s) + "stride " + std::to_string(stride));
    }
  }
}

PDARTS_INSTANTIATE_KERNEL_TEST(Pooling);

class NodeSumTest : public KernelTest {
 protected:
  NodeSumTest() { set_activations({1, 2, 3, 4, 5, 6}); }

  /// Terms of all kinds. inputs: the coefficients, the values, and a weight and a bias for each of
  /// the last two terms.
  at::Tensor Sum(const Backend& backend, const std::vector<at::Tensor>& t, bool training) {
    const int64_t channels = t[1].size(1);
    std::vector<NodeTerm> terms(6);
    for (int i = 0; i < 6; ++i) terms[i].value = t[i + 1];
    terms[1].dropout_mask =
        at::randint(2, t[1].sizes(), MakeGenerator(1, "mask"), at::kDouble).to(at::kByte);
    terms[1].dropout_scale = 1.7;
    for (int i = 2; i < 6; ++i) terms[i].batch_norm = BatchNorm(t[0], channels, training);
    for (size_t i = 4; i < 6; ++i) {
      terms[i].batch_norm->weight = t[2 * i - 1];
      terms[i].batch_norm->bias = t[2 * i];
    }
    return NodeSum(backend, terms, t[0]);
  }

  std::vector<at::Tensor> Inputs(const Size& s) {
    std::vector<at::Tensor> inputs = {Random({6})};
    for (int i = 0; i < 6; ++i) inputs.push_back(Random({s.n, s.c, s.h, s.w}) * (i + 1) + i);
    for (int i = 0; i < 4; ++i) inputs.push_back(Random({s.c}));
    return inputs;
  }
};

TEST_P(NodeSumTest, MatchesTheComposition) {
  for (const Size& s : kSizes) {
    for (const bool training : {true, false}) {
      const auto sum = [&](const Backend& backend, const std::vector<at::Tensor>& t) {
        return Sum(backend, t, training);
      };
      const std::vector<at::Tensor> inputs = Inputs(s);
      const std::string what = Text(s) + (training ? "training" : "evaluation");
      ExpectSame(sum, inputs, what, 10);
      ExpectSame(WithManyThreads(sum), inputs, what + " with many threads", 10);
      at::set_num_threads(2);
    }
  }
}

TEST_P(NodeSumTest, ComputesTheGradientsThatAreAskedFor) {
  const std::vector<at::Tensor> all = Leaves(Inputs({2, 5, 4, 3}));
  const at::Tensor y = Sum(Fused(), all, true);
  const at::Tensor g = Random(y.sizes()).to(GetParam().storage);
  const auto expected = torch::autograd::grad({y}, all, {g});
  for (size_t i = 0; i < all.size(); ++i) {
    std::vector<at::Tensor> one;
    for (const at::Tensor& t : all) one.push_back(t.detach());
    one[i].set_requires_grad(true);
    const auto actual = torch::autograd::grad({Sum(Fused(), one, true)}, {one[i]}, {g});
    EXPECT_TRUE(actual[0].equal(expected[i])) << i;
  }
}

TEST_P(NodeSumTest, NormalizeIsTheSumOfOneNormalizedTerm) {
  set_activations({0});
  for (const Size& s : kSizes) {
    for (const bool training : {true, false}) {
      const auto normalize = [&](const Backend& backend, const std::vector<at::Tensor>& t) {
        BatchNormArgs bn = BatchNorm(t[0], s.c, training);
        bn.weight = t[1];
        bn.bias = t[2];
        return Normalize(backend, t[0], bn);
      };
      const std::vector<at::Tensor> inputs = {Random({s.n, s.c, s.h, s.w}) * 2 + 1, Random({s.c}),
                                              Random({s.c})};
      const std::string what = Text(s) + (training ? "training" : "evaluation");
      ExpectSame(normalize, inputs, what, 10);
      ExpectSame(WithManyThreads(normalize), inputs, what + " with many threads", 10);
      at::set_num_threads(2);
    }
  }
}

TEST_P(NodeSumTest, NormalizeEachOfSynchronizedValuesMatchesTheComposition) {
  set_activations({0, 3});
  const auto normalize = [](const Backend& backend, const std::vector<at::Tensor>& t) {
    std::vector<BatchNormArgs> batch_norms;
    for (const size_t i : {0, 3}) {
      BatchNormArgs& bn = batch_norms.emplace_back(BatchNorm(t[i], t[i].size(1), true));
      bn.communicator = &SingleProcess();
      bn.weight = t[i + 1];
      bn.bias = t[i + 2];
    }
    const std::vector<at::Tensor> y = NormalizeEach(backend, {t[0], t[3]}, batch_norms);
    return at::cat({y[0].flatten(), y[1].flatten()});
  };
  const std::vector<at::Tensor> inputs = {Random({2, 20, 3, 5}) * 2 + 1, Random({20}), Random({20}),
                                          Random({3, 7, 4, 4}) - 2,      Random({7}),  Random({7})};
  ExpectSame(normalize, inputs, "two threads", 10);
  ExpectSame(WithManyThreads(normalize), inputs, "many threads", 10);
}

TEST_P(NodeSumTest, AddUpIsTheSumWithAnyNumberOfThreads) {
  if (GetParam().storage != at::kFloat || GetParam().kernels != FUSED) {
    GTEST_SKIP() << "AddUp is for the loops and float32";
  }
  for (const int threads : {1, 2, 8}) {
    at::set_num_threads(threads);
    for (const Size& s : kSizes) {
      std::vector<at::Tensor> values;
      for (int i = 0; i < 3; ++i) values.push_back(Random({s.n, s.c, s.h, s.w}).to(at::kFloat));
      const at::Tensor to = at::empty_like(values[0], at::MemoryFormat::ChannelsLast);
      AddUp(Fused().instructions, values, to);
      EXPECT_TRUE(to.allclose(values[0] + values[1] + values[2], 1e-6, 1e-6))
          << Text(s) << threads << " threads";
    }
  }
}

TEST_P(NodeSumTest, MovesRunningStatisticsAsTold) {
  // A pre-normalization value.
  const at::Tensor value = (Random({3, 7, 4, 5}) * 3 + 2).to(GetParam().storage);
  const at::Tensor one = at::ones({1}, GetParam().parameters());
  for (const bool training : {true, false}) {
    for (const bool update : {true, false}) {
      for (const bool in_convolution : {true, false}) {
        const at::Tensor depthwise = Random({7, 1, 3, 3}).to(GetParam().parameters());
        const at::Tensor pointwise = Random({7, 7, 1, 1}).to(GetParam().parameters());
        std::array<BatchNormArgs, 2> bn;
        for (int i = 0; i < 2; ++i) {
          bn[i] = BatchNorm(value, 7, training);
          bn[i].update_statistics = update;
          bn[i].momentum = 0.3;
          const Backend backend = i == 0 ? Fused() : Reference(GetParam().storage);
          if (in_convolution) {
            Convolve(backend, value, SeparableConvolution(depthwise, pointwise), bn[i]);
          } else {
            NodeSum(backend, {{value, bn[i]}}, one);
          }
        }
        ExpectClose(bn[0].running_mean, bn[1].running_mean, "mean", is_bfloat16() ? 3e6 : 1);
        ExpectClose(bn[0].running_var, bn[1].running_var, "variance", is_bfloat16() ? 3e6 : 1);
        const bool moved = !bn[0].running_var.equal(BatchNorm(value, 7, training).running_var) ||
                           !bn[0].running_mean.equal(BatchNorm(value, 7, training).running_mean);
        EXPECT_EQ(moved, training && update);
      }
    }
  }
}

TEST_P(NodeSumTest, OneValueOfAChannelIsAnErrorInTrainingWithAnyKernels) {
  const at::Tensor value = at::ones({1, 3, 1, 1}, GetParam().storage);
  const at::Tensor one = at::ones({1}, GetParam().parameters());
  for (const Backend& backend : {Fused(), Reference(GetParam().storage)}) {
    const BatchNormArgs trained = BatchNorm(value, 3, /*training=*/true);
    EXPECT_THAT(
        [&] {
          NodeSum(backend, {{value, trained}}, one);
        },
        ThrowsMessage<c10::Error>(
            HasSubstr("more than one value for each channel, but a tensor of 3 channels")));
    EXPECT_TRUE(trained.running_var.equal(BatchNorm(value, 3, true).running_var)) << "it moved";
    EXPECT_NO_THROW(NodeSum(backend, {{value, BatchNorm(value, 3, /*training=*/false)}}, one));
  }
}

TEST_P(NodeSumTest, KeepsItsDigitsFarFromZero) {
  // Mean 1000, standard deviation 1: sums of squares about 0 would lose the variance in float32.
  if (is_bfloat16()) GTEST_SKIP() << "near 1000 neighbors are 4 apart in bfloat16";
  const at::Tensor value = Random({4, 3, 16, 16}) + 1000;
  ExpectSame(
      [&](const Backend& backend, const std::vector<at::Tensor>& t) {
        return NodeSum(backend, {{t[1], BatchNorm(t[0], 3, true)}}, t[0]);
      },
      {at::ones({1}, at::kDouble), value.to(GetParam().storage).to(at::kDouble)}, "far from zero",
      20);
}

PDARTS_INSTANTIATE_KERNEL_TEST(NodeSumTest);
PDARTS_INSTANTIATE_GROUPED_TEST(NodeSumTest);

class Dropout : public KernelTest {};

TEST_P(Dropout, IsTheSameEverywhere) {
  const std::vector<int64_t> sizes = {3, 5, 37, 41};
  const Masks masks({/*seed=*/12345}, /*first_image=*/0);
  const at::Tensor mask = DropoutMask(sizes, 0.3, masks, GetParam().instructions),
                   noise = NormalNoise(sizes, masks);
  const auto expect_same = [&](const char* where) {
    EXPECT_TRUE(mask.equal(DropoutMask(sizes, 0.3, masks, GetParam().instructions))) << where;
    EXPECT_TRUE(noise.equal(NormalNoise(sizes, masks))) << where;
  };
  for (const int threads : {1, 2, 7}) {
    at::set_num_threads(threads);
    expect_same("other threads");
  }
  EXPECT_TRUE(mask.equal(DropoutMask(sizes, 0.3, masks, InstructionSet::kPortable)));
}

TEST_P(Dropout, IsTheSameForAnImageInEveryBatch) {
  const MaskKey key = {/*seed=*/12345};
  const at::Tensor mask = DropoutMask({4, 5, 37, 41}, 0.3, Masks(key, 0));
  EXPECT_TRUE(mask.slice(0, 1, 3).equal(DropoutMask({2, 5, 37, 41}, 0.3, Masks(key, 1))));
  EXPECT_FALSE(mask[0].equal(mask[1]));
  const at::Tensor noise = NormalNoise({4, 5, 37, 41}, Masks(key, 0));
  EXPECT_TRUE(noise.slice(0, 1, 3).equal(NormalNoise({2, 5, 37, 41}, Masks(key, 1))));
}

/// Masks that draw on a device, whose kernels are those of the CPU.
Masks OnDevice(const Masks& masks) {
  const at::Tensor counter = at::empty({3}, at::kLong);
  const auto numbers = masks.Counter();
  std::copy(numbers.begin(), numbers.end(), counter.mutable_data_ptr<int64_t>());
  return masks.OnDevice(counter);
}

TEST_P(Dropout, OnADeviceDrawsTheNumbersOfTheCpu) {
  const Masks masks = Masks({/*seed=*/12345}, /*first_image=*/3).At(7);
  const std::vector<int64_t> sizes = {3, 5, 37, 41};
  EXPECT_TRUE(NormalNoise(sizes, OnDevice(masks)).equal(NormalNoise(sizes, masks)));
  // For some of these rates, the two scales differ in the last bit of float32.
  for (const double p : {0.1, 0.3, 0.7, 1e-12, 1.0}) {
    for (const at::ScalarType type : {at::kFloat, at::kDouble, at::kBFloat16}) {
      for (const auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
        for (const DropoutScale scale : {DropoutScale::kOfLayer, DropoutScale::kOfCell}) {
          const at::Tensor x =
              at::randn(sizes, MakeGenerator(1, "x"), at::kDouble).to(type).contiguous(format);
          const at::Tensor a = x.clone().requires_grad_(), b = x.clone().requires_grad_();
          const at::Tensor on_device = DropElements(a, p, OnDevice(masks), scale);
          const at::Tensor on_cpu = DropElements(b, p, masks, scale);
          EXPECT_TRUE(on_device.equal(on_cpu)) << p << " of " << type;
          EXPECT_EQ(on_device.scalar_type(), type);
          // The gradient has another memory format.
          const at::Tensor gradient = at::randn(sizes, MakeGenerator(2, "g"), at::kDouble).to(type);
          on_device.backward(gradient);
          on_cpu.backward(gradient);
          EXPECT_TRUE(a.grad().equal(b.grad())) << "gradient of " << p << " of " << type;
        }
      }
    }
    const std::vector<Masks> places = {masks.At(0), masks.At(1), masks.At(5)};
    std::vector<Masks> on_device;
    for (const Masks& place : places) on_device.push_back(OnDevice(place));
    const std::vector<at::Tensor> a = ImageScales(on_device, 20, p), b = ImageScales(places, 20, p);
    ASSERT_EQ(a.size(), 3u);
    for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(a[i].equal(b[i])) << p << " at place " << i;
  }
  EXPECT_TRUE(ImageScales({}, 20, 0.5).empty());
}

TEST_P(Dropout, OfACellDropsWhatItsMaskSays) {
  const Masks masks({/*seed=*/1}, /*first_image=*/0);
  const at::Tensor x = at::randn({2, 3, 8, 8}, MakeGenerator(1, "x"), at::kFloat);
  const at::Tensor mask = DropoutMask(x.sizes(), 0.3, masks);
  const at::Tensor expected = x * mask.to(at::kFloat).mul_(1 / (1 - 0.3));
  EXPECT_TRUE(DropElements(x, 0.3, OnDevice(masks), DropoutScale::kOfCell).equal(expected));
}

TEST_P(Dropout, OnADeviceTakesTheRateOfTheDevice) {
  const Masks masks = OnDevice(Masks({/*seed=*/1}, /*first_image=*/0));
  const at::Tensor x = at::ones({2, 3, 8, 8});
  const at::Tensor rate = at::full({}, 0.3, at::kDouble);
  EXPECT_TRUE(DropElements(x, Rate(0.3, rate), masks).equal(DropElements(x, 0.3, masks)));
  // As in a recorded step: a device repeats it, and the host decides nothing.
  rate.fill_(0.6);
  EXPECT_TRUE(DropElements(x, Rate(0.3, rate), masks).equal(DropElements(x, 0.6, masks)));
  EXPECT_TRUE(ImageScales({masks}, 9, Rate(0.3, rate))[0].equal(ImageScales({masks}, 9, 0.6)[0]));
}

/// A sum of three terms, two of which have dropout with these rates, and its gradients.
std::vector<at::Tensor> SumWithDropout(Kernels kernels, double rate, double other_rate) {
  Backend backend;
  backend.kernels = kernels;
  backend.parameters = at::kDouble;
  backend.storage = at::kDouble;
  const Masks masks = OnDevice(Masks({/*seed=*/1}, /*first_image=*/2));
  const at::Generator numbers = MakeGenerator(1, "terms");
  std::vector<NodeTerm> terms(3);
  const at::Tensor coefficients = at::randn({3}, numbers, at::kDouble).requires_grad_();
  std::vector<at::Tensor> leaves = {coefficients};
  for (NodeTerm& term : terms) {
    term.value = at::randn({3, 4, 5, 6}, numbers, at::kDouble).requires_grad_();
    leaves.push_back(term.value);
  }
  terms[0].device_dropout = DeviceDropout{rate, masks.At(0)};
  terms[1].device_dropout = DeviceDropout{other_rate, masks.At(1)};
  const at::Tensor sum = NodeSum(backend, terms, coefficients);
  std::vector<at::Tensor> results = torch::autograd::grad({sum}, leaves, {sum.detach().sin()});
  results.push_back(sum.detach());
  return results;
}

TEST_P(Dropout, OfGroupedTermsIsThatOfTheComposition) {
  // Dropouts with different rates are computed by the composition.
  for (const auto& [rate, other] : {std::pair{0.4, 0.4}, {0.4, 0.7}, {1., 1.}, {0.4, 1.}}) {
    const std::vector<at::Tensor> actual = SumWithDropout(GROUPED, rate, other);
    const std::vector<at::Tensor> expected = SumWithDropout(REFERENCE, rate, other);
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < actual.size(); ++i) {
      EXPECT_TRUE(actual[i].allclose(expected[i], 1e-12, 1e-12))
          << rate << " and " << other << ", result " << i;
    }
  }
}

TEST_P(Dropout, ABackwardPassWithTheNumbersOfAnotherPassIsAnError) {
  const Masks masks = OnDevice(Masks({/*seed=*/1}, /*first_image=*/0));
  const at::Tensor x = at::ones({2, 3, 8, 8}).requires_grad_();
  const at::Tensor y = DropElements(x, 0.3, masks);
  masks.device_counter().select(0, 2).fill_(8);
  EXPECT_THAT([&] { y.sum().backward(); },
              ThrowsMessage<c10::Error>(HasSubstr("modified by an inplace operation")));
}

TEST_P(Dropout, NoiseIsNormal) {
  const at::Tensor noise = NormalNoise({4, 8, 32, 32}, Masks()).to(at::kDouble);
  // Five standard deviations.
  EXPECT_NEAR(noise.mean().item<double>(), 0, 5 / std::sqrt(noise.numel()));
  EXPECT_NEAR(noise.square().mean().item<double>(), 1, 5 * std::sqrt(2.0 / noise.numel()));
}

TEST_P(Dropout, DropsThatManyElementsIndependently) {
  const std::vector<int64_t> sizes = {8, 16, 64, 64};
  const auto mean = [](const at::Tensor& t) { return t.to(at::kDouble).mean().item<double>(); };
  for (const double p : {0.1, 0.5, 0.9}) {
    const MaskKey key = {/*seed=*/1};
    const at::Tensor mask = DropoutMask(sizes, p, Masks(key, 0), GetParam().instructions);
    EXPECT_LE(mask.max().item<int64_t>(), 1);
    const auto n = static_cast<double>(mask.numel());
    // Five standard deviations.
    EXPECT_NEAR(mean(mask), 1 - p, 5 * std::sqrt(p * (1 - p) / n)) << p;
    // Neighbors in memory, in the image and in the batch, and masks of other passes, images and
    // places. The covariance of independent masks has a standard deviation of p (1 - p) / sqrt(n).
    const at::Tensor centred = mask.to(at::kDouble) - (1 - p);
    const double bound = 5 * p * (1 - p) / std::sqrt(n);
    for (const int64_t dim : {0, 1, 2, 3}) {
      EXPECT_NEAR(mean(centred * centred.roll(1, dim)), 0, bound) << p << " along " << dim;
    }
    for (const Masks& other :
         {Masks({/*seed=*/2}, 0), Masks({/*seed=*/1, /*stage=*/0, /*epoch=*/1}, 0), Masks(key, 8),
          Masks(key, 0).At(0), Masks(key, 0).At(1)}) {
      EXPECT_NEAR(mean(centred * (DropoutMask(sizes, p, other).to(at::kDouble) - (1 - p))), 0,
                  bound)
          << p;
    }
  }
  EXPECT_EQ(mean(DropoutMask(sizes, 0, Masks())), 1);
  EXPECT_EQ(mean(DropoutMask(sizes, 1, Masks())), 0);
}

TEST_P(Dropout, AMaskOfTooManyElementsAnImageIsAnErrorThatNamesIt) {
  EXPECT_THAT(
      [] {
        DropoutMask({1, 16384, 512, 512}, 0.5, Masks());
      },
      ThrowsMessage<c10::Error>(HasSubstr("[1, 16384, 512, 512]")));
  const int64_t most = int64_t{1} << 62;
  EXPECT_THAT(
      [&] {
        DropoutMask({most, most, most, most}, 0.5, Masks());
      },
      ThrowsMessage<c10::Error>(HasSubstr("fewer than 2^32 an image")));
}

PDARTS_INSTANTIATE_KERNEL_TEST(Dropout);

class SecondDerivatives : public KernelTest {
 protected:
  /// Checks the error message if the gradient of `f` must have a graph.
  void ExpectRefused(const Function& f, const std::vector<at::Tensor>& inputs,
                     const std::string& operation) {
    const std::vector<at::Tensor> leaves = Leaves(inputs);
    const auto gradients = [&](bool create_graph) {
      const at::Tensor y = f(Fused(), leaves);
      return torch::autograd::grad({y}, leaves, {at::ones_like(y)}, /*retain_graph=*/true,
                                   create_graph, /*allow_unused=*/true);
    };
    EXPECT_NO_THROW(gradients(false));
    EXPECT_THAT([&] { gradients(true); },
                ThrowsMessage<c10::Error>(
                    AllOf(HasSubstr(operation), HasSubstr("has no second derivative"))));
  }
};

TEST_P(SecondDerivatives, AreRefusedByEveryFusedOperation) {
  const at::Tensor x = Random({2, 4, 6, 6});
  for (const auto pool : {MaxPool3x3, AveragePool3x3}) {
    ExpectRefused([&](const Backend& backend,
                      const std::vector<at::Tensor>& t) { return pool(backend, t[0], 1); },
                  {x}, "Pool3x3");
  }
  ExpectRefused(
      [&](const Backend& backend, const std::vector<at::Tensor>& t) {
        return Convolve(backend, t[0], PointwiseConvolution(t[1]));
      },
      {x, Random({4, 4, 1, 1})}, "Convolve");
  ExpectRefused(
      [&](const Backend& backend, const std::vector<at::Tensor>& t) {
        return NodeSum(backend, {{t[0], BatchNorm(t[0], 4, true)}}, t[1]);
      },
      {x, Random({1})}, "NodeSum");
}

PDARTS_INSTANTIATE_KERNEL_TEST(SecondDerivatives);

class Determinism : public KernelTest {};

TEST_P(Determinism, RepeatsExactly) {
  const auto inputs = std::vector<at::Tensor>{Random({5, 16, 9, 8}), Random({16, 1, 5, 5}),
                                              Random({16, 16, 1, 1}), Random({2})};
  const auto once = [&](int threads) {
    at::set_num_threads(threads);
    const std::vector<at::Tensor> leaves = Leaves(inputs);
    const BatchNormArgs bn = BatchNorm(leaves[0], 16, true);
    const at::Tensor y =
        Convolve(Fused(), leaves[0], SeparableConvolution(leaves[1], leaves[2], 1, 2), bn);
    const at::Tensor z =
        NodeSum(Fused(), {{y, bn}, {MaxPool3x3(Fused(), leaves[0], 1)}}, leaves[3]);
    auto all = torch::autograd::grad({z}, leaves, {z.detach()});
    all.push_back(z.detach());
    return all;
  };
  // With 8 threads, the 5 images are divided.
  for (const int threads : {1, 2, 8}) {
    const auto first = once(threads);
    for (int repeat = 0; repeat < 3; ++repeat) {
      const auto again = once(threads);
      for (size_t i = 0; i < first.size(); ++i) EXPECT_TRUE(first[i].equal(again[i])) << i;
    }
  }
}

PDARTS_INSTANTIATE_KERNEL_TEST(Determinism);

}  // namespace
}  // namespace pdarts::nn
