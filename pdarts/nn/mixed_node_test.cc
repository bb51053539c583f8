#include "pdarts/nn/mixed_node.h"

#include "ATen/ops/ones.h"
#include "ATen/ops/randn.h"
#include "gtest/gtest.h"
#include "pdarts/core/random.h"

namespace pdarts::nn {
namespace {

/// A cell of one edge with nothing but a skip connection: what comes out is the edge's scale.
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
    Pass pass;
    pass.edge_drop_path = probability;
    pass.generator = MakeGenerator(1, "edges");
    return MixedNodes(graph_, operations_, {x}, at::ones({1, 1}, x.options()), pass, backend_);
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

INSTANTIATE_TEST_SUITE_P(Kernels, OneEdge, ::testing::Values(FUSED, REFERENCE));

}  // namespace
}  // namespace pdarts::nn
