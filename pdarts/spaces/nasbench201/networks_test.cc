// Compares the super-network with fused kernels and with reference kernels, in float64 and in
// bfloat16, and checks the names of the networks' parts.

#include "ATen/ops/cat.h"
#include "ATen/ops/cosine_similarity.h"
#include "ATen/ops/randint.h"
#include "ATen/ops/randn.h"
#include "ATen/ops/zeros_like.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/masks.h"
#include "pdarts/core/random.h"
#include "pdarts/core/super_net.h"
#include "pdarts/spaces/nasbench201/cell.h"
#include "pdarts/spaces/nasbench201/derived_network.h"
#include "pdarts/spaces/nasbench201/super_net.h"
#include "pdarts/trainers/super_net_comparison.h"
#include "pdarts/trainers/super_net_gradients.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts::nasbench201 {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

struct Stage {
  int cells;
  int candidates;
  double dropout;
  bool training;
};

/// Different candidates on each edge.
Candidates SomeCandidates(int per_edge) {
  Candidates candidates = AllCandidates(NasBench201Topology());
  for (size_t e = 0; e < candidates[0].size(); ++e) {
    EdgeCandidates& edge = candidates[0][e];
    while (static_cast<int>(edge.size()) > per_edge) {
      edge.erase(edge.begin() + static_cast<int64_t>((2 * e + edge.size()) % edge.size()));
    }
  }
  return candidates;
}

std::shared_ptr<SuperNet> MakeNet(const Stage& stage, Kernels kernels,
                                  Precision precision = FLOAT64) {
  SuperNetShape shape;
  shape.cells = stage.cells;
  shape.channels = 5;
  shape.image = {3, 8, 12};
  shape.backend = ResolveBackend(kernels, precision, at::kCPU).value();
  auto super_net =
      MakeSuperNet(SomeCandidates(stage.candidates), shape, MakeGenerator(1, "weights"));
  super_net->InitializeAlphas(1, MakeGenerator(1, "alphas"));
  super_net->to(shape.backend.parameters);
  super_net->train(stage.training);
  EXPECT_TRUE(super_net->SetKnob("skip_connect.dropout", stage.dropout).ok());
  return super_net;
}

class FusedNetworkTest : public ::testing::TestWithParam<Stage> {};

/// Compares the kernels with the reference kernels.
void ExpectSameNetwork(const Stage& stage, Kernels kernels) {
  const auto fused = MakeNet(stage, kernels), reference = MakeNet(stage, REFERENCE);
  GradientRequest request;
  request.images = at::randn({4, 3, 8, 12}, MakeGenerator(1, "images"), at::kDouble);
  request.labels = at::randint(10, {4}, MakeGenerator(1, "labels"), at::kLong);
  request.context.masks = Masks({/*seed=*/1}, /*first_image=*/0);
  for (const GradientOf of : {GradientOf::kAlphas, GradientOf::kWeights, GradientOf::kBoth}) {
    request.of = of;
    ExpectSameGradients(*fused, *reference, request);
  }
}

TEST_P(FusedNetworkTest, IsTheSame) { ExpectSameNetwork(GetParam(), FUSED); }

TEST_P(FusedNetworkTest, IsTheSameWithGroupedOperators) { ExpectSameNetwork(GetParam(), GROUPED); }

INSTANTIATE_TEST_SUITE_P(Stages, FusedNetworkTest,
                         ::testing::Values(Stage{1, 5, 0, true}, Stage{2, 3, 0.4, true},
                                           Stage{3, 2, 0.7, true}, Stage{1, 5, 1, true},
                                           Stage{2, 1, 0.5, true}, Stage{1, 5, 0.5, false}));

/// The loss, and the gradients of all weights one after the other.
struct Pass {
  double loss = 0;
  at::Tensor weights;
};

/// A pass of a super-network with one cell in each block and all candidates.
Pass ComputePass(Kernels kernels, Precision precision) {
  const auto super_net = MakeNet(Stage{1, 5, 0, true}, kernels, precision);
  GradientRequest request;
  request.images = at::randn({32, 3, 8, 12}, MakeGenerator(1, "images"), at::kDouble)
                       .to(super_net->weights()[0].scalar_type());
  request.labels = at::randint(10, {32}, MakeGenerator(1, "labels"), at::kLong);
  request.of = GradientOf::kWeights;
  const GradientResult result = ComputeGradients(*super_net, request);
  std::vector<at::Tensor> flat;
  for (const at::Tensor& gradient : result.weights) {
    flat.push_back(gradient.to(at::kDouble).flatten());
  }
  return {result.loss.item<double>(), at::cat(flat)};
}

double Cosine(const at::Tensor& a, const at::Tensor& b) {
  return at::cosine_similarity(a, b, 0).item<double>();
}

TEST(Nasbench201SuperNet, InBfloat16IsAsCloseToFloat64AsTheReferenceKernels) {
  const Pass exact = ComputePass(REFERENCE, FLOAT64), reference = ComputePass(REFERENCE, BFLOAT16),
             fused = ComputePass(FUSED, BFLOAT16);
  EXPECT_NEAR(fused.loss, exact.loss, 0.01 * exact.loss);
  const double of_reference = Cosine(reference.weights, exact.weights);
  const double of_fused = Cosine(fused.weights, exact.weights);
  EXPECT_GE(of_reference, 0.95);
  EXPECT_GE(of_fused, of_reference - 0.01);
  // In float32 the cosine is closer to 1. So the activations really were rounded.
  EXPECT_LT(of_fused, 1 - 1e-5);
}

std::vector<std::string> Names(const torch::nn::Module& module) {
  std::vector<std::string> names;
  for (const auto& entry : module.named_parameters()) names.push_back(entry.key());
  return names;
}

TEST(Nasbench201SuperNet, OperationsKeepTheirNumbersWhenOthersArePruned) {
  SuperNetShape shape;
  shape.cells = 2;
  const Candidates candidates = {CellCandidates(kNumEdges, {kSkipConnect, kNorConv3x3})};
  const auto super_net = MakeSuperNet(candidates, shape, MakeGenerator(1, "weights"));
  EXPECT_THAT(Names(*super_net), Contains("cells.0.edges.3<-1.3.op.1.bias"));
  EXPECT_THAT(Names(*super_net), Not(Contains(HasSubstr("edges.3<-1.1."))));
  EXPECT_THAT(Names(*super_net), Contains("cells.2.conv_a.op.1.weight"));
  EXPECT_THAT(Names(*super_net), Contains("cells.7.edges.1<-0.3.op.1.weight"));
  EXPECT_THAT(Names(*super_net), Not(Contains(HasSubstr("cells.8."))));
}

TEST(Nasbench201SuperNet, DropoutDropsOnlyWhereThereIsASkip) {
  GradientRequest request;
  request.images = at::randn({4, 3, 8, 12}, MakeGenerator(1, "images"), at::kDouble);
  request.labels = at::randint(10, {4}, MakeGenerator(1, "labels"), at::kLong);
  const auto loss = [&](double dropout) {
    return ComputeGradients(*MakeNet({1, 5, dropout, true}, FUSED), request).loss.item<double>();
  };
  EXPECT_NE(loss(0), loss(0.5));
}

TEST(DerivedNetwork, ConvolutionsHaveNoBiasAndCellsOfNothingGiveZero) {
  NetworkShape shape;
  shape.cells = 1;
  shape.channels = 4;
  const auto make = [&](const CellOperations& cell) {
    return MakeDerivedNetwork(ToArchitecture(cell), shape, MakeGenerator(1, "weights")).value();
  };
  const auto network = make({kNorConv1x1, kNone, kNorConv3x3, kNone, kNone, kAvgPool3x3});
  EXPECT_THAT(Names(*network), Contains("cells.0.layers.2.op.1.weight"));
  EXPECT_THAT(Names(*network), Not(Contains("cells.0.layers.2.op.1.bias")));
  const auto nothing = make({kNone, kNone, kNone, kNone, kNone, kNone});
  nothing->eval();
  const at::Tensor images = at::randn({2, 3, 8, 8});
  const at::Tensor logits = nothing->Forward(images).logits;
  EXPECT_TRUE(logits[0].equal(logits[1]));
}

/// The gradients of all weights, and the logits, in float64.
std::vector<at::Tensor> ComputedBy(const CellOperations& cell, Kernels kernels) {
  NetworkShape shape;
  shape.cells = 2;
  shape.channels = 5;
  shape.backend = ResolveBackend(kernels, FLOAT64, at::kCPU).value();
  const auto network =
      MakeDerivedNetwork(ToArchitecture(cell), shape, MakeGenerator(1, "weights")).value();
  network->to(at::kDouble);
  const at::Tensor images = at::randn({3, 3, 8, 12}, MakeGenerator(1, "images"), at::kDouble);
  const at::Tensor logits = network->Forward(images).logits;
  std::vector<at::Tensor> computed =
      torch::autograd::grad({logits.square().sum()}, network->parameters(), {}, std::nullopt,
                            /*create_graph=*/false, /*allow_unused=*/true);
  computed.push_back(logits.detach());
  return computed;
}

TEST(DerivedNetwork, IsTheSameWithAllKernels) {
  for (const CellOperations& cell :
       {CellOperations{kNorConv3x3, kNorConv1x1, kAvgPool3x3, kSkipConnect, kNorConv3x3, kNone},
        CellOperations{kNone, kNone, kNorConv3x3, kNorConv1x1, kSkipConnect, kAvgPool3x3}}) {
    SCOPED_TRACE(FormatCell(cell));
    const auto reference = ComputedBy(cell, REFERENCE);
    for (const Kernels kernels : {FUSED, GROUPED}) {
      SCOPED_TRACE(KernelsName(kernels));
      const auto computed = ComputedBy(cell, kernels);
      ASSERT_EQ(computed.size(), reference.size());
      for (size_t i = 0; i < computed.size(); ++i) {
        // A weight of which nothing depends has no gradient or one of zeros.
        if (!computed[i].defined() && !reference[i].defined()) continue;
        const at::Tensor& like = computed[i].defined() ? computed[i] : reference[i];
        ExpectClose(computed[i].defined() ? computed[i] : at::zeros_like(like),
                    reference[i].defined() ? reference[i] : at::zeros_like(like),
                    "parameter " + std::to_string(i));
      }
    }
  }
}

TEST(DerivedNetwork, SidesMustHalveTwice) {
  NetworkShape shape;
  shape.image = {3, 30, 32};
  EXPECT_THAT(MakeDerivedNetwork(ToArchitecture(FromCode(0)), shape, MakeGenerator(1, "weights"))
                  .status()
                  .ToString(),
              HasSubstr("images of 30x32: the sides must be divisible by 4"));
}

}  // namespace
}  // namespace pdarts::nasbench201
