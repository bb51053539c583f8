#include "pdarts/export/inference_graph.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ATen/TensorOperators.h"

namespace pdarts {
namespace {

using Node = NetworkGraph::Node;

template <class Operator>
const Operator* As(const Node& node) {
  return std::get_if<Operator>(&node.op);
}

/// Copies a graph node by node, with changes.
class Rewriter {
 public:
  explicit Rewriter(const NetworkGraph& graph) : values_(graph.nodes.size() + 1, 0) {
    NetworkGraph::Module network = graph.modules[0];
    network.first_node = 0;
    rewritten_.modules.push_back(std::move(network));
  }

  /// Leaves out node `index` of the old graph. The value `other` of the old graph replaces its
  /// value.
  void Replace(int index, int other) { values_[index + 1] = values_[other]; }
  /// Replaces node `index` of the old graph by `node`, whose inputs are values of the old graph.
  void Keep(int index, Node node) {
    for (int& input : node.inputs) input = values_[input];
    rewritten_.nodes.push_back(std::move(node));
    values_[index + 1] = static_cast<int>(rewritten_.nodes.size());
  }
  NetworkGraph Finish(int old_logits) {
    rewritten_.logits = values_[old_logits];
    rewritten_.modules[0].output = rewritten_.logits;
    rewritten_.modules[0].end_node = static_cast<int>(rewritten_.nodes.size());
    return std::move(rewritten_);
  }

 private:
  NetworkGraph rewritten_;
  std::vector<int> values_;  ///< values of the new graph, by the values of the old graph
};

bool IsZero(const NetworkGraph& graph, int value) {
  return value > 0 && As<graph::Zero>(graph.nodes[value - 1]) != nullptr;
}

/// The graph without modules, identities, drop path, and zeros in sums.
NetworkGraph Flat(const NetworkGraph& graph) {
  Rewriter rewriter(graph);
  // By value: an old value with the same content that is not the result of an identity.
  std::vector<int> source(graph.nodes.size() + 1, 0);
  for (int i = 0; i < static_cast<int>(graph.nodes.size()); ++i) {
    Node node = graph.nodes[i];
    for (int& input : node.inputs) input = source[input];
    source[i + 1] = i + 1;
    if (As<graph::Sum>(node) != nullptr) {
      std::vector<int> terms;
      for (const int input : node.inputs) {
        if (!IsZero(graph, input)) terms.push_back(input);
      }
      if (terms.empty()) terms.push_back(node.inputs[0]);
      node.inputs = std::move(terms);
    }
    const bool passes = As<graph::Identity>(node) != nullptr ||
                        As<graph::DropPath>(node) != nullptr ||
                        (As<graph::Sum>(node) != nullptr && node.inputs.size() == 1);
    if (passes) {
      source[i + 1] = node.inputs[0];
      continue;
    }
    node.path = LayerName(graph, node);
    node.module = 0;
    rewriter.Keep(i, std::move(node));
  }
  return rewriter.Finish(source[graph.logits]);
}

/// The graph without nodes on which the logits do not depend.
NetworkGraph Needed(const NetworkGraph& graph) {
  std::vector<bool> needed(graph.nodes.size() + 1, false);
  needed[graph.logits] = true;
  for (int i = static_cast<int>(graph.nodes.size()) - 1; i >= 0; --i) {
    if (!needed[i + 1]) continue;
    for (const int input : graph.nodes[i].inputs) needed[input] = true;
  }
  Rewriter rewriter(graph);
  for (int i = 0; i < static_cast<int>(graph.nodes.size()); ++i) {
    if (needed[i + 1]) rewriter.Keep(i, graph.nodes[i]);
  }
  return rewriter.Finish(graph.logits);
}

/// A convolution into which the channels of a batch normalization from `begin` on are folded.
graph::Convolution Folded(const graph::Convolution& convolution, const graph::BatchNorm& norm,
                          int64_t begin) {
  const int64_t channels = convolution.weight.size(0);
  const auto part = [&](const at::Tensor& of_norm) {
    return of_norm.detach().narrow(0, begin, channels).to(at::kDouble);
  };
  at::Tensor scale = (part(norm.variance) + norm.epsilon).rsqrt();
  if (norm.weight.defined()) scale = scale * part(norm.weight);
  at::Tensor shift = -part(norm.mean);
  if (convolution.bias.defined()) shift = shift + convolution.bias.detach().to(at::kDouble);
  at::Tensor bias = shift * scale;
  if (norm.bias.defined()) bias = bias + part(norm.bias);
  const at::Tensor& weight = convolution.weight;
  graph::Convolution folded = convolution;
  folded.weight =
      (weight.detach().to(at::kDouble) * scale.view({-1, 1, 1, 1})).to(weight.scalar_type());
  folded.bias = bias.to(weight.scalar_type());
  return folded;
}

/// The graph with batch normalizations folded into convolutions.
NetworkGraph WithFoldedNorms(const NetworkGraph& graph) {
  std::vector<int> uses(graph.nodes.size() + 1, 0);
  for (const Node& node : graph.nodes) {
    for (const int input : node.inputs) ++uses[input];
  }
  ++uses[graph.logits];
  // The node of a value, if it is an `Operator` and only one other node uses the value.
  const auto only_used_as = [&](int value, auto tag) -> int {
    if (value == 0 || uses[value] != 1) return -1;
    return As<decltype(tag)>(graph.nodes[value - 1]) != nullptr ? value - 1 : -1;
  };
  std::vector<graph::Operator> operators;
  for (const Node& node : graph.nodes) operators.push_back(node.op);
  std::vector<bool> is_folded(graph.nodes.size(), false);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto* const norm = As<graph::BatchNorm>(graph.nodes[i]);
    if (norm == nullptr) continue;
    const int input = graph.nodes[i].inputs[0];
    std::vector<int> before = {input};
    if (const int concat = only_used_as(input, graph::Concat{}); concat >= 0) {
      before = graph.nodes[concat].inputs;
    }
    std::vector<int> convolutions;
    for (const int value : before) {
      convolutions.push_back(only_used_as(value, graph::Convolution{}));
    }
    if (std::any_of(convolutions.begin(), convolutions.end(), [](int node) { return node < 0; })) {
      continue;
    }
    int64_t begin = 0;
    for (const int node : convolutions) {
      const auto& convolution = std::get<graph::Convolution>(graph.nodes[node].op);
      operators[node] = Folded(convolution, *norm, begin);
      begin += convolution.weight.size(0);
    }
    is_folded[i] = true;
  }
  Rewriter rewriter(graph);
  for (int i = 0; i < static_cast<int>(graph.nodes.size()); ++i) {
    Node node = graph.nodes[i];
    if (is_folded[i]) {
      rewriter.Replace(i, node.inputs[0]);
      continue;
    }
    node.op = operators[i];
    rewriter.Keep(i, std::move(node));
  }
  return rewriter.Finish(graph.logits);
}

}  // namespace

NetworkGraph InferenceGraph(const NetworkGraph& graph) {
  return WithFoldedNorms(Needed(Flat(graph)));
}

}  // namespace pdarts
