#include "pdarts/core/network_graph.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace pdarts {
namespace {

bool HasWeights(const graph::Operator& op) {
  return std::holds_alternative<graph::Convolution>(op) ||
         std::holds_alternative<graph::BatchNorm>(op) || std::holds_alternative<graph::Linear>(op);
}

/// Whether a computation in `module` may use a value. Visible values belong to the module itself,
/// or are the result of a module inside it.
bool IsVisible(const NetworkGraph& graph, int value, int module) {
  int holder = value == 0 ? 0 : graph.nodes[value - 1].module;
  while (holder != module && holder >= 0 && graph.modules[holder].output == value) {
    holder = graph.modules[holder].parent;
  }
  return holder == module;
}

/// \error kInternal naming a node that uses a value of another module.
absl::Status CheckModules(const NetworkGraph& graph) {
  const auto check = [&](int value, int module, const std::string& place) -> absl::Status {
    if (IsVisible(graph, value, module)) return absl::OkStatus();
    return absl::InternalError(
        absl::StrCat(place.empty() ? "the network" : place,
                     " is described with a value of another module: a module takes values as its "
                     "inputs, and only its result is used outside of it"));
  };
  for (int i = 0; i < static_cast<int>(graph.nodes.size()); ++i) {
    const NetworkGraph::Node& node = graph.nodes[i];
    const std::vector<int>& parameters = graph.modules[node.module].inputs;
    const bool is_parameter =
        std::find(parameters.begin(), parameters.end(), i + 1) != parameters.end();
    for (const int input : node.inputs) {
      const absl::Status status =
          check(input, is_parameter ? graph.modules[node.module].parent : node.module, node.place);
      if (!status.ok()) return status;
    }
  }
  for (size_t m = 1; m < graph.modules.size(); ++m) {
    const absl::Status status =
        check(graph.modules[m].output, static_cast<int>(m), graph.modules[m].path);
    if (!status.ok()) return status;
  }
  const absl::Status logits = check(graph.logits, 0, "the logits");
  if (!logits.ok() || graph.auxiliary < 0) return logits;
  return check(graph.auxiliary, 0, "the auxiliary head");
}

}  // namespace

GraphBuilder::GraphBuilder() {
  NetworkGraph::Module& network = graph_.modules.emplace_back();
  network.type = "Network";
  network.inputs = {images().index};
}

GraphValue GraphBuilder::Add(absl::string_view path, graph::Operator op,
                             std::vector<GraphValue> inputs) {
  if (path.empty() && HasWeights(op) && status_.ok()) {
    status_ = absl::InternalError(
        absl::StrCat(place_, ": a layer that has weights is described without its name"));
  }
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
  const absl::Status modules = CheckModules(graph_);
  if (!modules.ok()) return modules;
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
