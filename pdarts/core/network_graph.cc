#include "pdarts/core/network_graph.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace pdarts {

GraphBuilder::GraphBuilder(std::string type) {
  NetworkGraph::Module& network = graph_.modules.emplace_back();
  network.type = std::move(type);
  network.inputs = {images().index};
}

GraphValue GraphBuilder::Add(absl::string_view path, graph::Operator op,
                             std::vector<GraphValue> inputs) {
  NetworkGraph::Node& node = graph_.nodes.emplace_back();
  node.op = std::move(op);
  for (const GraphValue input : inputs) node.inputs.push_back(input.index);
  node.module = module_;
  node.path = std::string(path);
  node.place = place_;
  return {static_cast<int>(graph_.nodes.size())};
}

GraphValue GraphBuilder::Module(absl::string_view path, absl::string_view type,
                                const std::vector<GraphValue>& inputs, const Body& body) {
  const int outer = std::exchange(module_, static_cast<int>(graph_.modules.size()));
  {
    NetworkGraph::Module& module = graph_.modules.emplace_back();
    module.type = std::string(type);
    module.path = std::string(path);
    module.parent = outer;
    module.first_node = static_cast<int>(graph_.nodes.size());
  }
  std::vector<GraphValue> parameters;
  for (const GraphValue input : inputs) {
    parameters.push_back(Add("", graph::Identity{}, {input}));
    graph_.modules[module_].inputs.push_back(parameters.back().index);
  }
  const GraphValue result = body(parameters);
  NetworkGraph::Module& module = graph_.modules[module_];
  module.output = result.index;
  module.end_node = static_cast<int>(graph_.nodes.size());
  module_ = outer;
  return result;
}

GraphValue GraphBuilder::Unsupported(absl::string_view path) {
  if (status_.ok()) {
    status_ = absl::UnimplementedError(
        absl::StrCat(place_.empty() ? std::string(path) : place_,
                     " has no export: its class does not describe what it computes (Describe)"));
  }
  return images();
}

GraphBuilder::Place::Place(GraphBuilder* builder, absl::string_view name)
    : builder_(builder), outer_length_(builder->place_.size()) {
  absl::StrAppend(&builder_->place_, outer_length_ == 0 ? "" : "/", name);
}

GraphBuilder::Place::~Place() { builder_->place_.resize(outer_length_); }

absl::StatusOr<NetworkGraph> GraphBuilder::Finish(GraphValue logits,
                                                  const GraphValue* auxiliary) && {
  if (!status_.ok()) return status_;
  graph_.modules[0].output = graph_.logits = logits.index;
  graph_.modules[0].end_node = static_cast<int>(graph_.nodes.size());
  if (auxiliary != nullptr) graph_.auxiliary = auxiliary->index;
  return std::move(graph_);
}

std::string LayerName(const NetworkGraph& graph, const NetworkGraph::Node& node) {
  std::string name = node.path;
  for (int module = node.module; module > 0; module = graph.modules[module].parent) {
    name = absl::StrCat(graph.modules[module].path, name.empty() ? "" : ".", name);
  }
  return name;
}

}  // namespace pdarts
