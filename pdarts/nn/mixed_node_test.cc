#include "pdarts/nn/mixed_node.h"

#include "ATen/ops/ones.h"
#include "ATen/ops/randn.h"
#include "gtest/gtest.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/random.h"

namespace pdarts::nn {
namespace {

/// A cell with one edge that has only a skip connection. Its output is the scale of the edge.
class OneEdge : public ::testing::TestWithParam<Kernels> {
 protected:
  OneEdge() {
    graph_.num_inputs = 1;
    graph_.num_nodes = 2;
    graph_.edges = {{0, 1}};
    graph_.output_nodes = {1};
    OperationOptions options;
    options.channels = 2;
    options.backend = backend_;
    operations_ = {{MakeOperation("skip_connect", options)}};
  }
  at::Tensor Forward(const at::Tensor& x, double probability) const {
    const std::vector<Knob> knobs = {{kEdgeDropPathKnob, "", 0, 1, probability}};
    ForwardContext context;
    context.knobs = &knobs;
    return Forward(x, at::ones({1, 1}, x.options()), context);
  }
  at::Tensor Forward(const at::Tensor& x, const at::Tensor& probabilities,
                     const ForwardContext& context) const {
    return MixedNodes(graph_, operations_, {x}, probabilities, context, backend_);
  }

  const Backend backend_ = ResolveBackend(GetParam(), FLOAT32, at::kCPU).value();
  MixedGraph graph_;
  std::vector<EdgeOperations> operations_;
};

TEST_P(OneEdge, IsDroppedForWholeSamplesAndTheOthersMakeUpForIt) {
  constexpr int64_t kSamples = 2000;
  const at::Tensor x = at::ones({kSamples, 2, 2, 2});
  const at::Tensor scale = Forward(x, 0.75).flatten(1);
  EXPECT_TRUE(scale.amax(1).equal(scale.amin(1)));
  EXPECT_TRUE(scale.eq(0).logical_or(scale.eq(4)).all().item<bool>());
  // Five standard deviations.
  EXPECT_NEAR(scale.eq(0).to(at::kDouble).mean().item<double>(), 0.75, 0.05);
}

TEST_P(OneEdge, ThatKeepsTheSidesDiesInACellThatIsSaidToHalveThem) {
  graph_.reduction = 2;
  EXPECT_DEATH(Forward(at::ones({1, 2, 4, 4}), 0), "node of 2x2x2|node 1 of a cell is");
}

TEST_P(OneEdge, StaysWhereNothingIsDroppedOrInEvaluation) {
  const at::Tensor x = at::randn({3, 2, 4, 4}, MakeGenerator(1, "x"));
  EXPECT_TRUE(Forward(x, 0).equal(x));
  EXPECT_EQ(Forward(x, 1).abs().max().item<float>(), 0);
  operations_[0][0]->eval();
  EXPECT_TRUE(Forward(x, 0.75).equal(x));
}

TEST_P(OneEdge, StaysInAPassThatDropsNoEdges) {
  const at::Tensor x = at::randn({3, 2, 4, 4}, MakeGenerator(1, "x"));
  const std::vector<Knob> knobs = {{kEdgeDropPathKnob, "", 0, 1, 1}};
  ForwardContext context;
  context.knobs = &knobs;
  context.drop_edges = false;
  EXPECT_TRUE(Forward(x, at::ones({1, 1}), context).equal(x));
}

TEST_P(OneEdge, WithoutProbabilitiesEveryOperationCountsOnce) {
  const at::Tensor x = at::randn({3, 2, 4, 4}, MakeGenerator(1, "x"));
  EXPECT_TRUE(Forward(x, /*probabilities=*/{}, ForwardContext()).equal(x));
}

TEST_P(OneEdge, DropPathLeavesIdentitiesAlone) {
  const at::Tensor x = at::ones({200, 2, 4, 4});
  ForwardContext context;
  context.drop_path = 0.5;
  EXPECT_TRUE(Forward(x, /*probabilities=*/{}, context).equal(x));

  OperationOptions options;
  options.channels = 2;
  options.backend = backend_;
  operations_ = {{MakeOperation("max_pool_3x3", options)}};
  const at::Tensor scale = Forward(x, /*probabilities=*/{}, context).flatten(1);
  EXPECT_TRUE(scale.amax(1).equal(scale.amin(1)));
  EXPECT_TRUE(scale.eq(0).logical_or(scale.eq(2)).all().item<bool>());
  // Five standard deviations.
  EXPECT_NEAR(scale.eq(0).to(at::kDouble).mean().item<double>(), 0.5, 0.18);
  operations_[0][0]->eval();
  EXPECT_TRUE(Forward(x, /*probabilities=*/{}, context).equal(x));
}

TEST_P(OneEdge, MasksAreThoseOfTheImageWhateverTheBatch) {
  const at::Tensor x = at::ones({40, 2, 4, 4});
  const std::vector<Knob> knobs = {{kEdgeDropPathKnob, "", 0, 1, 0.5},
                                   {kSkipDropoutKnob, "", 0, 1, 0.3}};
  ForwardContext whole, second_half;
  whole.knobs = second_half.knobs = &knobs;
  whole.masks = Masks({/*seed=*/1}, /*first_image=*/0);
  second_half.masks = Masks({/*seed=*/1}, /*first_image=*/20);
  const at::Tensor p = at::ones({1, 1});
  const at::Tensor y = Forward(x, p, whole);
  EXPECT_TRUE(y.slice(0, 20).equal(Forward(x.slice(0, 20), p, second_half)));
  EXPECT_FALSE(y.equal(Forward(x, p, whole.At(0)))) << "another place, the same masks";
}

INSTANTIATE_TEST_SUITE_P(Kernels, OneEdge, ::testing::Values(FUSED, REFERENCE, GROUPED));

}  // namespace
}  // namespace pdarts::nn
