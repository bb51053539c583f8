#include "pdarts/export/onnx_model.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ATen/ops/ones.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "pdarts/comparison/random_architectures.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/export/pdarts_onnx.pb.h"
#include "pdarts/export/testing.h"

namespace pdarts {
namespace {

ExportedModel ModelOf(const NetworkShape& shape) {
  ExportedModel model;
  model.name = "run";
  model.search_space = "space";
  model.genotype = "genotype";
  model.image = shape.image;
  model.classes = shape.classes;
  model.class_names = {"cat", "a \"dog\""};
  model.mean = {0.1, 0.2, 0.3};
  model.deviation = {0.25, 0.5, 1};
  model.version = "1.2.3";
  return model;
}

onnx_format::Model Encode(const NetworkGraph& graph, const ExportedModel& model,
                          const OnnxOptions& options = {}) {
  onnx_format::Model onnx;
  EXPECT_TRUE(onnx.ParseFromString(EncodeOnnx(graph, model, options).value()));
  return onnx;
}

NetworkGraph GraphOf(const TestedNetworks& tested) {
  const auto space = Registry<SearchSpace>::CreateDefault(tested.space).value();
  const Architecture architecture =
      RandomArchitecture(*space, MakeGenerator(2, "architectures")).value();
  return RandomNetwork(*space, architecture, tested.shape, 1)->Describe().value();
}

TEST(EncodeOnnx, EveryInputIsComputedBefore) {
  for (const TestedNetworks& tested : AllTestedNetworks()) {
    const onnx_format::Model onnx = Encode(GraphOf(tested), ModelOf(tested.shape));
    std::set<std::string> known = {onnx.graph().input(0).name()};
    for (const onnx_format::Tensor& weight : onnx.graph().initializer()) {
      EXPECT_TRUE(known.insert(weight.name()).second) << weight.name();
      int64_t elements = 1;
      for (const int64_t size : weight.dims()) elements *= size;
      const bool is_integer = weight.data_type() == onnx_format::Tensor::INT64;
      EXPECT_EQ(static_cast<int64_t>(weight.raw_data().size()), elements * (is_integer ? 8 : 4));
    }
    std::set<std::string> nodes;
    for (const onnx_format::Node& node : onnx.graph().node()) {
      EXPECT_TRUE(nodes.insert(node.name()).second) << node.name();
      for (const std::string& input : node.input()) EXPECT_EQ(known.count(input), 1u) << input;
      for (const std::string& output : node.output()) EXPECT_TRUE(known.insert(output).second);
    }
    EXPECT_EQ(known.count("logits"), 1u);
  }
}

TEST(EncodeOnnx, NamesSayTheCellAndTheEdge) {
  const onnx_format::Model onnx =
      Encode(GraphOf(AllTestedNetworks().front()), ModelOf(AllTestedNetworks().front().shape));
  std::set<std::string> edges;
  for (const onnx_format::Node& node : onnx.graph().node()) {
    const std::vector<std::string> parts = absl::StrSplit(node.name(), '/');
    if (parts[0] != "cell_2" || parts.size() != 4) continue;
    EXPECT_TRUE(absl::StartsWith(parts[1], "edge_")) << node.name();
    EXPECT_TRUE(absl::StrContains(parts[2], "conv") || absl::StrContains(parts[2], "pool") ||
                parts[2] == "skip_connect")
        << node.name();
    edges.insert(parts[1]);
  }
  EXPECT_GE(edges.size(), 4u);
}

TEST(EncodeOnnx, SaysWhatTheNetworkIs) {
  const TestedNetworks tested = AllTestedNetworks().front();
  ExportedModel model = ModelOf(tested.shape);
  model.preparation.border = 0.0625;
  const onnx_format::Model onnx = Encode(GraphOf(tested), model);
  EXPECT_EQ(onnx.ir_version(), 8);
  ASSERT_EQ(onnx.opset_import_size(), 1);
  EXPECT_EQ(onnx.opset_import(0).version(), 17);
  EXPECT_EQ(onnx.producer_version(), "1.2.3");
  std::map<std::string, std::string> properties;
  for (const onnx_format::Property& property : onnx.metadata_props()) {
    properties[property.key()] = property.value();
  }
  EXPECT_EQ(properties["genotype"], "genotype");
  EXPECT_EQ(properties["class_names"], R"(["cat", "a \"dog\""])");
  EXPECT_EQ(properties["mean"], "[0.1, 0.2, 0.3]");
  EXPECT_EQ(properties["fit"], "crop");
  EXPECT_EQ(properties["border"], "0.0625");
  const onnx_format::Shape& input = onnx.graph().input(0).type().tensor_type().shape();
  ASSERT_EQ(input.dim_size(), 4);
  EXPECT_EQ(input.dim(0).parameter(), "batch");
  EXPECT_EQ(input.dim(1).value(), 3);
  EXPECT_EQ(input.dim(2).value(), 32);
}

/// The integers of an attribute of a node.
std::vector<int64_t> Integers(const onnx_format::Node& node, const std::string& name) {
  for (const onnx_format::Attribute& attribute : node.attribute()) {
    if (attribute.name() == name) return {attribute.ints().begin(), attribute.ints().end()};
  }
  ADD_FAILURE() << node.name() << " has no attribute " << name;
  return {};
}

TEST(EncodeOnnx, KernelsNeedNotBeSquare) {
  GraphBuilder builder;
  graph::Convolution line;
  line.weight = at::ones({4, 3, 1, 7});
  line.padding = 2;
  const GraphValue x = builder.Add("line", line, {builder.images()});
  const GraphValue mean = builder.Add("", graph::GlobalAveragePool{}, {x});
  const NetworkGraph graph = std::move(builder).Finish(mean, nullptr).value();
  ExportedModel model = ModelOf(AllTestedNetworks().front().shape);
  model.mean.clear();  // the graph begins with the convolution
  const onnx_format::Model onnx = Encode(graph, model);
  const onnx_format::Node& node = onnx.graph().node(0);
  EXPECT_EQ(node.op_type(), "Conv");
  EXPECT_EQ(Integers(node, "kernel_shape"), (std::vector<int64_t>{1, 7}));
  EXPECT_EQ(Integers(node, "pads"), (std::vector<int64_t>{2, 2, 2, 2}));
}

TEST(EncodeOnnx, OptionsChangeTheEnds) {
  const TestedNetworks tested = AllTestedNetworks().front();
  const NetworkGraph graph = GraphOf(tested);
  const onnx_format::Model usual = Encode(graph, ModelOf(tested.shape));
  EXPECT_EQ(usual.graph().node(0).op_type(), "Sub");
  EXPECT_EQ(usual.graph().node(1).op_type(), "Div");
  EXPECT_EQ(usual.graph().output(0).name(), "logits");
  OnnxOptions options;
  options.normalize = false;
  options.softmax = true;
  const onnx_format::Model changed = Encode(graph, ModelOf(tested.shape), options);
  EXPECT_EQ(changed.graph().node(0).op_type(), "Conv");
  const onnx_format::Node& last = changed.graph().node(changed.graph().node_size() - 1);
  EXPECT_EQ(last.op_type(), "Softmax");
  EXPECT_EQ(last.output(0), "probabilities");
  EXPECT_EQ(changed.graph().output(0).name(), "probabilities");
}

}  // namespace
}  // namespace pdarts
