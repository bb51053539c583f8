#include "pdarts/core/network_graph.h"

#include <utility>

#include "ATen/ops/ones.h"
#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

graph::Convolution Pointwise() {
  graph::Convolution convolution;
  convolution.weight = at::ones({4, 3, 1, 1});
  return convolution;
}

absl::StatusOr<NetworkGraph> Finish(GraphBuilder builder, GraphValue logits) {
  return std::move(builder).Finish(logits, /*auxiliary=*/nullptr);
}

TEST(GraphBuilder, NodesKnowTheirModuleNameAndPlace) {
  GraphBuilder builder;
  GraphValue out;
  {
    const GraphBuilder::Place cell(&builder, "cell_3");
    out = builder.Module("cells.3", "Cell", {builder.images()}, [&](const auto& inputs) {
      const GraphBuilder::Place edge(&builder, "edge_0_2");
      return builder.Module("_ops.1", "Part", inputs, [&](const auto& inner) {
        return builder.Add("op.1", Pointwise(), {inner[0]});
      });
    });
  }
  const GraphValue logits = builder.Add("", graph::GlobalAveragePool{}, {out});
  const absl::StatusOr<NetworkGraph> graph = Finish(std::move(builder), logits);
  ASSERT_TRUE(graph.ok()) << graph.status();
  ASSERT_EQ(graph->nodes.size(), 4u);  // two parameters, the convolution, the pool
  const NetworkGraph::Node& convolution = graph->nodes[2];
  EXPECT_EQ(convolution.place, "cell_3/edge_0_2");
  EXPECT_EQ(LayerName(*graph, convolution), "cells.3._ops.1.op.1");
  EXPECT_EQ(graph->modules[convolution.module].type, "Part");
  EXPECT_EQ(graph->nodes[3].place, "");
  EXPECT_EQ(graph->logits, 4);
  ASSERT_EQ(graph->modules.size(), 3u);
  EXPECT_EQ(graph->modules[1].first_node, 0);
  EXPECT_EQ(graph->modules[1].end_node, 3);
  EXPECT_EQ(graph->modules[1].output, 3);
}

TEST(GraphBuilder, WhatCannotBeDescribedIsNamed) {
  GraphBuilder builder;
  {
    const GraphBuilder::Place place(&builder, "cell_0/edge_0_2/noise");
    builder.Unsupported("_ops.0");
  }
  builder.Unsupported("later");
  const auto graph = Finish(std::move(builder), {0});
  EXPECT_EQ(graph.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_TRUE(absl::StartsWith(graph.status().message(), "cell_0/edge_0_2/noise has no export"))
      << graph.status();
}

TEST(GraphBuilder, AWrongDescriptionIsRefused) {
  GraphBuilder nameless;
  const GraphValue value = nameless.Add("", Pointwise(), {nameless.images()});
  EXPECT_EQ(Finish(std::move(nameless), value).status().code(), absl::StatusCode::kInternal);

  // A node outside of a module uses a value of the module that is not its result.
  GraphBuilder leaking;
  GraphValue inner;
  leaking.Module("part", "Part", {leaking.images()}, [&](const auto& inputs) {
    inner = leaking.Add("", graph::Relu{}, {inputs[0]});
    return leaking.Add("", graph::Relu{}, {inner});
  });
  const GraphValue outside = leaking.Add("", graph::Relu{}, {inner});
  EXPECT_EQ(Finish(std::move(leaking), outside).status().code(), absl::StatusCode::kInternal);

  // A node in a module uses a value of the network that the module does not take.
  GraphBuilder reaching;
  const GraphValue part =
      reaching.Module("part", "Part", {reaching.images()}, [&](const auto& inputs) {
        return reaching.Add("", graph::Sum{}, {inputs[0], reaching.images()});
      });
  EXPECT_EQ(Finish(std::move(reaching), part).status().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace pdarts
