#include "pdarts/export/inference_graph.h"

#include <memory>
#include <utility>
#include <variant>

#include "ATen/core/grad_mode.h"
#include "ATen/ops/conv2d.h"
#include "ATen/ops/rand.h"
#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "pdarts/comparison/random_architectures.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/export/graph_network.h"
#include "pdarts/export/testing.h"

namespace pdarts {
namespace {

template <class Operator>
int Count(const NetworkGraph& graph) {
  int count = 0;
  for (const NetworkGraph::Node& node : graph.nodes) {
    count += std::holds_alternative<Operator>(node.op) ? 1 : 0;
  }
  return count;
}

at::Tensor Images(const NetworkShape& shape, int64_t count) {
  return at::rand({count, shape.image.channels, shape.image.height, shape.image.width},
                  MakeGenerator(5, "images"));
}

/// The logits of a graph, computed with LibTorch's operators or with the fused loops.
at::Tensor Logits(const NetworkGraph& graph, const at::Tensor& images, Kernels kernels) {
  Backend backend;
  backend.kernels = kernels;
  return MakeGraphNetwork(graph, backend)->Forward(images).logits;
}

/// The largest difference, relative to the largest logit.
double Distance(const at::Tensor& ours, const at::Tensor& expected) {
  return ((ours - expected).abs().max() / expected.abs().max()).item<double>();
}

TEST(InferenceGraph, ComputesWhatTheNetworkComputes) {
  const at::NoGradGuard no_grad;
  for (const TestedNetworks& tested : AllTestedNetworks()) {
    const auto space = Registry<SearchSpace>::CreateDefault(tested.space).value();
    const at::Generator generator = MakeGenerator(3, "architectures");
    for (int i = 0; i < 3; ++i) {
      const Architecture architecture = RandomArchitecture(*space, generator).value();
      const auto network = RandomNetwork(*space, architecture, tested.shape, i + 1);
      const absl::StatusOr<NetworkGraph> graph = network->Describe();
      ASSERT_TRUE(graph.ok()) << graph.status();
      const NetworkGraph inference = InferenceGraph(*graph);
      const at::Tensor images = Images(tested.shape, 2);
      const at::Tensor expected = network->Forward(images).logits;
      ASSERT_GT(expected.std().item<double>(), 0);
      for (const Kernels kernels : {REFERENCE, FUSED}) {
        EXPECT_LT(Distance(Logits(*graph, images, kernels), expected), 1e-4);
        EXPECT_LT(Distance(Logits(inference, images, kernels), expected), 1e-4);
      }
    }
  }
}

TEST(InferenceGraph, KeepsOnlyNormalizationsThatNoConvolutionPrecedes) {
  for (const TestedNetworks& tested : AllTestedNetworks()) {
    const auto space = Registry<SearchSpace>::CreateDefault(tested.space).value();
    const Architecture architecture =
        RandomArchitecture(*space, MakeGenerator(1, "architectures")).value();
    const auto network = RandomNetwork(*space, architecture, tested.shape, 1);
    const NetworkGraph graph = network->Describe().value();
    const NetworkGraph inference = InferenceGraph(graph);
    EXPECT_GT(Count<graph::BatchNorm>(graph), 3);
    // NAS-Bench-201 has another batch normalization after its last cell.
    EXPECT_EQ(Count<graph::BatchNorm>(inference), tested.space == "nasbench201" ? 1 : 0);
    EXPECT_EQ(Count<graph::Identity>(inference), 0);
    EXPECT_EQ(Count<graph::DropPath>(inference), 0);
  }
}

TEST(InferenceGraph, FoldsThroughAConcatenation) {
  const at::NoGradGuard no_grad;
  at::Generator generator = MakeGenerator(1, "test");
  const auto convolution = [&](int64_t channels) {
    graph::Convolution made;
    made.weight = at::rand({channels, 3, 1, 1}, generator);
    return made;
  };
  graph::BatchNorm norm;
  norm.mean = at::rand({5}, generator);
  norm.variance = at::rand({5}, generator) + 0.5;
  norm.weight = at::rand({5}, generator);
  norm.epsilon = 1e-3;
  for (const bool is_used_twice : {false, true}) {
    GraphBuilder builder;
    const GraphValue first = builder.Add("first", convolution(2), {builder.images()});
    const GraphValue second = builder.Add("second", convolution(3), {builder.images()});
    const GraphValue both = builder.Add("", graph::Concat{}, {first, second});
    GraphValue out = builder.Add("norm", norm, {both});
    if (is_used_twice) {
      out = builder.Add("", graph::Concat{}, {out, builder.Add("", graph::Relu{}, {second})});
    }
    const NetworkGraph graph = std::move(builder).Finish(out, nullptr).value();
    const NetworkGraph inference = InferenceGraph(graph);
    // A value that another node uses must not change.
    EXPECT_EQ(Count<graph::BatchNorm>(inference), is_used_twice ? 1 : 0);
    const at::Tensor images = at::rand({2, 3, 4, 4}, generator);
    const at::Tensor expected = Logits(graph, images, REFERENCE);
    EXPECT_LT(Distance(Logits(inference, images, REFERENCE), expected), 1e-5);
    EXPECT_LT(Distance(Logits(inference, images, FUSED), expected), 1e-5);
  }
}

TEST(InferenceGraph, ACellOfZerosGivesZeros) {
  const at::NoGradGuard no_grad;
  const auto space = Registry<SearchSpace>::CreateDefault("nasbench201").value();
  const Architecture architecture =
      space->Parse("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|").value();
  const TestedNetworks tested = AllTestedNetworks().back();
  const auto network = RandomNetwork(*space, architecture, tested.shape, 1);
  const at::Tensor images = Images(tested.shape, 2);
  const NetworkGraph inference = InferenceGraph(network->Describe().value());
  const at::Tensor expected = network->Forward(images).logits;
  EXPECT_LT(Distance(Logits(inference, images, REFERENCE), expected), 1e-5);
  EXPECT_LT(Distance(Logits(inference, images, FUSED), expected), 1e-5);
}

/// Every kind of convolution that the fused loops support, some that they do not support, and a
/// ReLU and sums that are used in several ways.
NetworkGraph MixedGraph() {
  at::Generator generator = MakeGenerator(1, "test");
  GraphBuilder builder;
  const auto convolve = [&](GraphValue x, int64_t in, int64_t out, int64_t kernel, int64_t stride,
                            int64_t dilation, int64_t groups, bool has_bias) {
    graph::Convolution made;
    made.weight = at::rand({out, in / groups, kernel, kernel}, generator) - 0.5;
    if (has_bias) made.bias = at::rand({out}, generator) - 0.5;
    made.stride = stride;
    made.dilation = dilation;
    made.groups = groups;
    made.padding = dilation * (kernel / 2);
    return builder.Add("convolution", made, {x});
  };
  const auto relu = [&](GraphValue x) { return builder.Add("", graph::Relu{}, {x}); };
  const GraphValue stem = convolve(builder.images(), 3, 20, 3, 1, 1, 1, true);
  const GraphValue active = relu(stem);
  const GraphValue dense = convolve(active, 20, 20, 3, 1, 1, 1, true);
  const GraphValue pointwise = convolve(active, 20, 20, 1, 1, 1, 1, true);
  const GraphValue separable =
      convolve(convolve(active, 20, 20, 5, 1, 2, 20, false), 20, 20, 1, 1, 1, 1, true);
  const GraphValue left = builder.Add("", graph::Sum{}, {dense, active});
  const GraphValue right = builder.Add("", graph::Sum{}, {pointwise, separable, stem});
  const GraphValue wide = builder.Add("", graph::Concat{}, {left, right});
  // One of the sums is used again, and so is the concatenation of both.
  const GraphValue again = relu(wide);
  const GraphValue cropped = builder.Add("", graph::Crop{1, 1}, {again});
  const GraphValue reduced = builder.Add(
      "", graph::Concat{},
      {convolve(again, 40, 9, 1, 2, 1, 1, true), convolve(cropped, 40, 9, 1, 2, 1, 1, true)});
  const GraphValue strided = convolve(relu(left), 20, 18, 3, 2, 1, 1, true);
  graph::Pool pool;
  pool.kernel = 3;
  pool.stride = 2;
  pool.padding = 1;
  const GraphValue pooled = builder.Add("pool", pool, {right});
  const GraphValue both = builder.Add("", graph::Sum{}, {reduced, strided});
  const GraphValue out = builder.Add("", graph::Concat{}, {both, pooled});
  return std::move(builder)
      .Finish(builder.Add("", graph::GlobalAveragePool{}, {out}), nullptr)
      .value();
}

TEST(GraphNetwork, TheLoopsComputeWhatLibTorchComputes) {
  const at::NoGradGuard no_grad;
  const NetworkGraph graph = MixedGraph();
  Backend fused;
  const std::shared_ptr<Network> network = MakeGraphNetwork(graph, fused);
  for (const int64_t side : {8, 12, 8}) {  // the weights are prepared again for another size
    for (const int64_t count : {1, 3}) {
      const at::Tensor images = at::rand({count, 3, side, side + 2}, MakeGenerator(2, "images"));
      const at::Tensor expected = Logits(graph, images, REFERENCE);
      EXPECT_EQ(expected.sizes(), at::IntArrayRef({count, 38}));
      EXPECT_LT(Distance(network->Forward(images).logits, expected), 1e-5) << side << " " << count;
    }
  }
}

TEST(GraphNetwork, ComputesKernelsThatAreNotSquare) {
  const at::NoGradGuard no_grad;
  const at::Tensor images = at::rand({2, 3, 8, 8}, MakeGenerator(2, "images")) - 0.5;
  for (const auto& [height, width] : {std::pair<int64_t, int64_t>(1, 3), {5, 3}}) {
    graph::Convolution convolution;
    convolution.weight = at::rand({4, 3, height, width}, MakeGenerator(1, "test"));
    convolution.padding = 1;
    GraphBuilder builder;
    GraphValue x = builder.Add("", graph::Relu{}, {builder.images()});
    x = builder.Add("line", convolution, {x});
    x = builder.Add("", graph::GlobalAveragePool{}, {x});
    const NetworkGraph graph = std::move(builder).Finish(x, nullptr).value();
    const at::Tensor expected =
        at::conv2d(images.relu(), convolution.weight, /*bias=*/{}, /*stride=*/1, /*padding=*/1)
            .mean({2, 3});
    for (const Kernels kernels : {REFERENCE, FUSED}) {
      EXPECT_LT(Distance(Logits(graph, images, kernels), expected), 1e-5) << height << "x" << width;
    }
  }
}

TEST(GraphNetwork, ComputesInTheTypeOfItsTensors) {
  const at::NoGradGuard no_grad;
  NetworkGraph graph = MixedGraph();
  const at::Tensor images = at::rand({2, 3, 8, 8}, MakeGenerator(2, "images"));
  const at::Tensor expected = Logits(graph, images, REFERENCE);
  for (NetworkGraph::Node& node : graph.nodes) {
    auto* const convolution = std::get_if<graph::Convolution>(&node.op);
    if (convolution == nullptr) continue;
    convolution->weight = convolution->weight.to(at::kDouble);
    if (convolution->bias.defined()) convolution->bias = convolution->bias.to(at::kDouble);
  }
  const at::Tensor exact = Logits(graph, images.to(at::kDouble), FUSED);
  EXPECT_EQ(exact.scalar_type(), at::kDouble);
  EXPECT_LT(Distance(expected.to(at::kDouble), exact), 1e-5);
}

TEST(Describe, NamesAnOperationThatHasNoExport) {
  const auto space = Registry<SearchSpace>::CreateDefault("darts").value();
  Architecture architecture = RandomArchitecture(*space, MakeGenerator(1, "test")).value();
  for (CellArchitecture& cell : *architecture.mutable_cells()) {
    cell.mutable_edges(0)->set_operation("noise");
  }
  const TestedNetworks tested = AllTestedNetworks().front();
  const auto network = RandomNetwork(*space, architecture, tested.shape, 1);
  const absl::Status status = network->Describe().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_TRUE(absl::StartsWith(status.message(), "cell_0/edge_")) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "/noise has no export")) << status;
}

}  // namespace
}  // namespace pdarts
