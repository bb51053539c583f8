#include "pdarts/export/graph_network.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "ATen/ops/avg_pool2d.h"
#include "ATen/ops/batch_norm.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/conv2d.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/linear.h"
#include "ATen/ops/max_pool2d.h"
#include "ATen/ops/relu.h"
#include "ATen/ops/zeros.h"
#include "pdarts/nn/kernels/prepared_convolutions.h"

namespace pdarts {
namespace {

/// Computes the result of an operator in evaluation mode.
struct Compute {
  const std::vector<at::Tensor>& inputs;

  const at::Tensor& x() const { return inputs[0]; }

  at::Tensor operator()(const graph::Convolution& c) const {
    return at::conv2d(x(), c.weight, c.bias, c.stride, c.padding, c.dilation, c.groups);
  }
  at::Tensor operator()(const graph::BatchNorm& b) const {
    return at::batch_norm(x(), b.weight, b.bias, b.mean, b.variance, /*training=*/false, b.momentum,
                          b.epsilon, /*cudnn_enabled=*/false);
  }
  at::Tensor operator()(const graph::Linear& l) const { return at::linear(x(), l.weight, l.bias); }
  at::Tensor operator()(const graph::Relu&) const { return at::relu(x()); }
  at::Tensor operator()(const graph::Pool& p) const {
    if (p.kind == graph::Pool::Kind::kMax) {
      return at::max_pool2d(x(), p.kernel, p.stride, p.padding);
    }
    return at::avg_pool2d(x(), p.kernel, p.stride, p.padding, /*ceil_mode=*/false,
                          /*count_include_pad=*/false);
  }
  at::Tensor operator()(const graph::GlobalAveragePool&) const { return x().mean({2, 3}); }
  at::Tensor operator()(const graph::Flatten&) const { return x().flatten(1); }
  at::Tensor operator()(const graph::Crop& c) const {
    return x().narrow(2, c.top, x().size(2) - c.top).narrow(3, c.left, x().size(3) - c.left);
  }
  at::Tensor operator()(const graph::Identity&) const { return x(); }
  at::Tensor operator()(const graph::Zero& z) const {
    return at::zeros({x().size(0), x().size(1), x().size(2) / z.stride, x().size(3) / z.stride},
                     x().options());
  }
  at::Tensor operator()(const graph::DropPath&) const { return x(); }
  at::Tensor operator()(const graph::Sum&) const {
    at::Tensor sum = inputs[0];
    for (size_t i = 1; i < inputs.size(); ++i) sum = sum + inputs[i];
    return sum;
  }
  at::Tensor operator()(const graph::Concat&) const { return at::cat(inputs, 1); }
};

using Node = NetworkGraph::Node;

/// A part of the graph that is computed in one pass.
struct Step {
  int node = -1;  ///< of a step that computes a single node
  /// Convolutions of relu(inputs[0]); null if the step is a single node.
  std::unique_ptr<nn::PreparedConvolutions> convolutions;
  std::vector<int> inputs;   ///< values
  std::vector<int> outputs;  ///< values of the node, or of each convolution
};

/// The place of a sum that is written into some channels of a concatenation.
struct Part {
  int concat = -1;  ///< the value of the concatenation; -1: the sum has its own memory
  int64_t first = 0;
  int64_t channels = 0;
  int64_t all_channels = 0;
};

/// Divides a graph into steps.
class Planner {
 public:
  /// `is_fused` tells whether the fused loops are used.
  Planner(const NetworkGraph& graph, const Backend& backend, bool is_fused)
      : graph_(graph),
        backend_(backend),
        users_(graph.nodes.size() + 1),
        parts_(graph.nodes.size() + 1),
        is_done_(graph.nodes.size(), false) {
    for (int i = 0; i < static_cast<int>(graph.nodes.size()); ++i) {
      for (const int input : graph.nodes[i].inputs) users_[input].push_back(i);
    }
    if (is_fused) PlaceSums();
    for (int i = 0; i < static_cast<int>(graph.nodes.size()); ++i) {
      if (is_fused && As<graph::Relu>(i) != nullptr) AddConvolutions(i);
      if (!is_done_[i]) AddNode(i);
    }
  }

  std::vector<Step> TakeSteps() { return std::move(steps_); }
  /// The parts, indexed by value.
  std::vector<Part> TakeParts() { return std::move(parts_); }

 private:
  template <class Operator>
  const Operator* As(int node) const {
    return std::get_if<Operator>(&graph_.nodes[node].op);
  }
  /// The only node that uses a value; -1 if there is not exactly one.
  int OnlyUser(int value) const {
    return users_[value].size() == 1 && value != graph_.logits ? users_[value][0] : -1;
  }

  void AddNode(int node) {
    Step step;
    step.node = node;
    step.inputs = graph_.nodes[node].inputs;
    step.outputs = {node + 1};
    steps_.push_back(std::move(step));
  }

  /// Combines all convolutions after a ReLU into a step. The ReLU is included if nothing else uses
  /// its value.
  void AddConvolutions(int relu) {
    std::vector<nn::ReluConvolution> convolutions;
    Step step;
    for (const int user : users_[relu + 1]) {
      if (is_done_[user]) continue;  // the second half of a factorized reduction
      nn::ReluConvolution found;
      const int result = Match(user, relu + 1, &found);
      if (result < 0) continue;
      convolutions.push_back(std::move(found));
      step.outputs.push_back(result + 1);
    }
    if (convolutions.empty()) return;
    const std::vector<int>& users = users_[relu + 1];
    const bool is_read =
        relu + 1 == graph_.logits ||
        std::any_of(users.begin(), users.end(), [&](int u) { return !is_done_[u]; });
    if (is_read) AddNode(relu);
    is_done_[relu] = true;
    step.inputs = graph_.nodes[relu].inputs;
    step.convolutions =
        std::make_unique<nn::PreparedConvolutions>(backend_.instructions, std::move(convolutions));
    steps_.push_back(std::move(step));
  }

  /// Whether the fused loops support the convolution that begins with this node. The node reads
  /// `relu`, the value of a ReLU. The function marks the nodes of the convolution as done. \return
  /// the last of these nodes, or -1.
  int Match(int node, int relu, nn::ReluConvolution* found) {
    const auto* const convolution = As<graph::Convolution>(node);
    if (convolution == nullptr) return -1;
    const graph::Convolution& c = *convolution;
    const int64_t k = c.weight.size(2);
    if (c.weight.size(3) != k) return -1;
    found->weight = c.weight;
    found->bias = c.bias;
    found->stride = c.stride;
    found->dilation = c.dilation;
    if (IsPointwise(c, /*stride=*/1)) {
      found->kind = nn::ConvolutionKind::kPointwise;
    } else if (IsPointwise(c, /*stride=*/2)) {
      return MatchReduction(node, relu, found);
    } else if ((k != 3 && k != 5) || (c.dilation != 1 && c.dilation != 2) ||
               c.padding != c.dilation * (k / 2)) {
      return -1;
    } else if (c.groups == 1 && c.stride == 1) {
      found->kind = nn::ConvolutionKind::kDense;
    } else {
      return MatchSeparable(node, k, found);
    }
    is_done_[node] = true;
    return node;
  }

  static bool IsPointwise(const graph::Convolution& c, int64_t stride) {
    return c.weight.size(2) == 1 && c.weight.size(3) == 1 && c.groups == 1 && c.padding == 0 &&
           c.dilation == 1 && c.stride == stride;
  }

  /// A depthwise convolution, followed by a pointwise convolution that is the only user of its
  /// value.
  int MatchSeparable(int node, int64_t k, nn::ReluConvolution* found) {
    const auto& c = std::get<graph::Convolution>(graph_.nodes[node].op);
    const int next = OnlyUser(node + 1);
    if (next < 0 || c.bias.defined() || (c.stride != 1 && c.stride != 2) || c.weight.size(1) != 1 ||
        c.weight.size(0) != c.groups) {
      return -1;
    }
    const auto* const pointwise = As<graph::Convolution>(next);
    if (pointwise == nullptr || !IsPointwise(*pointwise, /*stride=*/1)) return -1;
    found->kind = nn::ConvolutionKind::kSeparable;
    found->depthwise = c.weight;
    found->weight = pointwise->weight;
    found->bias = pointwise->bias;
    is_done_[node] = is_done_[next] = true;
    return next;
  }

  /// Two concatenated pointwise convolutions with stride 2. The second works on the image without
  /// its first row and column.
  int MatchReduction(int first, int relu, nn::ReluConvolution* found) {
    const int concat = OnlyUser(first + 1);
    if (concat < 0 || As<graph::Concat>(concat) == nullptr ||
        graph_.nodes[concat].inputs.size() != 2 || graph_.nodes[concat].inputs[0] != first + 1) {
      return -1;
    }
    const int second = graph_.nodes[concat].inputs[1] - 1;
    if (second < 0 || OnlyUser(second + 1) != concat) return -1;
    const auto* const convolution = As<graph::Convolution>(second);
    if (convolution == nullptr || !IsPointwise(*convolution, /*stride=*/2)) return -1;
    const auto& c = std::get<graph::Convolution>(graph_.nodes[first].op);
    const int crop = graph_.nodes[second].inputs[0] - 1;
    if (crop < 0 || OnlyUser(crop + 1) != second || As<graph::Crop>(crop) == nullptr ||
        As<graph::Crop>(crop)->top != 1 || As<graph::Crop>(crop)->left != 1 ||
        graph_.nodes[crop].inputs[0] != relu || convolution->weight.sizes() != c.weight.sizes() ||
        convolution->bias.defined() != c.bias.defined()) {
      return -1;
    }
    found->kind = nn::ConvolutionKind::kFactorizedReduce;
    found->second_weight = convolution->weight;
    if (c.bias.defined()) found->bias = at::cat({c.bias, convolution->bias});
    is_done_[first] = is_done_[second] = is_done_[crop] = is_done_[concat] = true;
    return concat;
  }

  /// Finds the concatenations of sums. The sums are written directly into the concatenation.
  void PlaceSums() {
    std::vector<int64_t> channels(graph_.nodes.size() + 1, -1);  // -1: unknown
    for (int i = 0; i < static_cast<int>(graph_.nodes.size()); ++i) {
      const Node& node = graph_.nodes[i];
      int64_t& of_node = channels[i + 1];
      if (const auto* const c = As<graph::Convolution>(i)) {
        of_node = c->weight.size(0);
      } else if (As<graph::Concat>(i) == nullptr) {
        of_node = channels[node.inputs[0]];
      } else {
        of_node = 0;
        for (const int input : node.inputs) {
          of_node = of_node < 0 || channels[input] < 0 ? -1 : of_node + channels[input];
        }
        if (of_node > 0) PlaceInto(i, channels);
      }
    }
  }

  void PlaceInto(int concat, const std::vector<int64_t>& channels) {
    const std::vector<int>& inputs = graph_.nodes[concat].inputs;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const bool is_sum = inputs[i] > 0 && As<graph::Sum>(inputs[i] - 1) != nullptr;
      if (!is_sum || parts_[inputs[i]].concat >= 0 ||
          std::count(inputs.begin(), inputs.end(), inputs[i]) != 1) {
        return;
      }
    }
    int64_t first = 0;
    for (const int input : inputs) {
      parts_[input] = {concat + 1, first, channels[input], channels[concat + 1]};
      first += channels[input];
    }
    is_done_[concat] = true;
  }

  const NetworkGraph& graph_;
  const Backend& backend_;
  std::vector<std::vector<int>> users_;  ///< by value: the nodes that use it
  std::vector<Part> parts_;              ///< by value
  std::vector<bool> is_done_;            ///< by node: whether it needs no step of its own
  std::vector<Step> steps_;
};

/// Whether the fused loops can be used for a graph: all of its convolutions are float32.
bool CanFuse(const NetworkGraph& graph, const Backend& backend) {
  return backend.kernels == FUSED &&
         std::all_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) {
           const auto* const convolution = std::get_if<graph::Convolution>(&node.op);
           return convolution == nullptr || convolution->weight.scalar_type() == at::kFloat;
         });
}

class GraphNetwork : public Network {
 public:
  GraphNetwork(NetworkGraph graph, const Backend& backend)
      : graph_(std::move(graph)),
        backend_(backend),
        is_fused_(CanFuse(graph_, backend)),
        last_use_(graph_.nodes.size() + 1, -1) {
    Planner planner(graph_, backend_, is_fused_);
    steps_ = planner.TakeSteps();
    parts_ = planner.TakeParts();
    for (int i = 0; i < static_cast<int>(steps_.size()); ++i) {
      for (const int input : steps_[i].inputs) last_use_[input] = i;
    }
    last_use_[graph_.logits] = static_cast<int>(steps_.size());
  }

 private:
  NetworkOutput DoForward(const at::Tensor& images, const ForwardContext&) override {
    std::vector<at::Tensor> values(graph_.nodes.size() + 1);
    values[0] = is_fused_ ? images.contiguous(at::MemoryFormat::ChannelsLast) : images;
    for (int i = 0; i < static_cast<int>(steps_.size()); ++i) {
      const Step& step = steps_[i];
      if (step.convolutions != nullptr) {
        std::vector<at::Tensor> results = step.convolutions->Run(values[step.inputs[0]]);
        for (size_t r = 0; r < results.size(); ++r) values[step.outputs[r]] = std::move(results[r]);
      } else {
        ComputeNode(step, &values);
      }
      for (const int input : step.inputs) {
        if (last_use_[input] == i) values[input].reset();  // its memory can be reused
      }
    }
    return {values[graph_.logits], /*auxiliary=*/{}};
  }

  void ComputeNode(const Step& step, std::vector<at::Tensor>* values) const {
    std::vector<at::Tensor> inputs;
    for (const int input : step.inputs) inputs.push_back((*values)[input]);
    const graph::Operator& op = graph_.nodes[step.node].op;
    at::Tensor& result = (*values)[step.outputs[0]];
    if (!is_fused_ || std::get_if<graph::Sum>(&op) == nullptr || inputs[0].dim() != 4) {
      result = std::visit(Compute{inputs}, op);
      return;
    }
    const at::Tensor& x = inputs[0];
    const Part& part = parts_[step.outputs[0]];
    const auto empty = [&](int64_t channels) {
      return at::empty({x.size(0), channels, x.size(2), x.size(3)}, x.options(),
                       at::MemoryFormat::ChannelsLast);
    };
    if (part.concat < 0) {
      result = empty(x.size(1));
    } else {
      at::Tensor& whole = (*values)[part.concat];
      if (!whole.defined()) whole = empty(part.all_channels);
      result = whole.narrow(1, part.first, part.channels);
    }
    nn::AddUp(backend_.instructions, inputs, result);
  }

  const NetworkGraph graph_;
  const Backend backend_;
  const bool is_fused_;
  std::vector<Step> steps_;
  std::vector<Part> parts_;    ///< by value
  std::vector<int> last_use_;  ///< by value: the last step that uses it; -1: no step does
};

}  // namespace

std::shared_ptr<Network> MakeGraphNetwork(NetworkGraph graph, const Backend& backend) {
  return std::make_shared<GraphNetwork>(std::move(graph), backend);
}

}  // namespace pdarts
