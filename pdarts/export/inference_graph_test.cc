#include "pdarts/export/inference_graph.h"

#include <variant>

#include "ATen/core/grad_mode.h"
#include "ATen/ops/rand.h"
#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "pdarts/comparison/random_architectures.h"
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

/// The largest distance as a share of the largest logit.
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
      EXPECT_LT(Distance(MakeGraphNetwork(*graph)->Forward(images).logits, expected), 1e-4);
      EXPECT_LT(Distance(MakeGraphNetwork(inference)->Forward(images).logits, expected), 1e-4);
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
    // NAS-Bench-201 normalizes once more behind its last cell.
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
    // What another node takes must stay as it is.
    EXPECT_EQ(Count<graph::BatchNorm>(inference), is_used_twice ? 1 : 0);
    const at::Tensor images = at::rand({2, 3, 4, 4}, generator);
    EXPECT_LT(Distance(MakeGraphNetwork(inference)->Forward(images).logits,
                       MakeGraphNetwork(graph)->Forward(images).logits),
              1e-5);
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
  EXPECT_LT(Distance(MakeGraphNetwork(inference)->Forward(images).logits,
                     network->Forward(images).logits),
            1e-5);
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
