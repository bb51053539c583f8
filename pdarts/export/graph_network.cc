#include "pdarts/export/graph_network.h"

#include <utility>
#include <variant>
#include <vector>

#include "ATen/ops/avg_pool2d.h"
#include "ATen/ops/batch_norm.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/conv2d.h"
#include "ATen/ops/linear.h"
#include "ATen/ops/max_pool2d.h"
#include "ATen/ops/relu.h"
#include "ATen/ops/zeros.h"

namespace pdarts {
namespace {

/// What an operator gives of its inputs, in evaluation mode.
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

class GraphNetwork : public Network {
 public:
  explicit GraphNetwork(NetworkGraph graph)
      : graph_(std::move(graph)), last_use_(graph_.nodes.size() + 1, -1) {
    for (int i = 0; i < static_cast<int>(graph_.nodes.size()); ++i) {
      for (const int input : graph_.nodes[i].inputs) last_use_[input] = i;
    }
    last_use_[graph_.logits] = static_cast<int>(graph_.nodes.size());
  }

 private:
  NetworkOutput DoForward(const at::Tensor& images, const ForwardContext&) override {
    std::vector<at::Tensor> values(graph_.nodes.size() + 1);
    values[0] = images;
    for (int i = 0; i < static_cast<int>(graph_.nodes.size()); ++i) {
      const NetworkGraph::Node& node = graph_.nodes[i];
      std::vector<at::Tensor> inputs;
      for (const int input : node.inputs) inputs.push_back(values[input]);
      for (const int input : node.inputs) {
        if (last_use_[input] == i) values[input] = at::Tensor();  // its memory can be used again
      }
      if (last_use_[i + 1] >= 0) values[i + 1] = std::visit(Compute{inputs}, node.op);
    }
    return {values[graph_.logits], /*auxiliary=*/{}};
  }

  const NetworkGraph graph_;
  std::vector<int> last_use_;  ///< by value: the last node that takes it; -1: none does
};

}  // namespace

std::shared_ptr<Network> MakeGraphNetwork(NetworkGraph graph) {
  return std::make_shared<GraphNetwork>(std::move(graph));
}

}  // namespace pdarts
