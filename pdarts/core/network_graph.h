#ifndef PDARTS_CORE_NETWORK_GRAPH_H_
#define PDARTS_CORE_NETWORK_GRAPH_H_

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

// What a network computes, as data. Each layer and operation describes itself to a GraphBuilder, in
// one place; what exports a network (pdarts/export) reads the finished NetworkGraph and knows
// neither spaces nor operations.

/// The operators of a graph. Images and activations are `[N,C,H,W]`. Tensors are those of the
/// network, not copies.
namespace graph {

/// A 2-d convolution with zero padding.
struct Convolution {
  at::Tensor weight;  ///< `[out,in/groups,k,k]`
  at::Tensor bias;    ///< `[out]`, or undefined
  int64_t stride = 1;
  int64_t padding = 0;
  int64_t dilation = 1;
  int64_t groups = 1;
};

/// Batch normalization by the running statistics; in training by those of the batch.
struct BatchNorm {
  at::Tensor weight;    ///< `[C]`, or undefined: ones
  at::Tensor bias;      ///< `[C]`, or undefined: zeros
  at::Tensor mean;      ///< `[C]`
  at::Tensor variance;  ///< `[C]`
  double epsilon = 0;
  double momentum = 0;
};

/// `[N,in]` -> `[N,out]`.
struct Linear {
  at::Tensor weight;  ///< `[out,in]`
  at::Tensor bias;    ///< `[out]`
};

struct Relu {};

/// The maximum or the mean of kxk windows. Padding takes no part in either.
struct Pool {
  enum class Kind { kMax, kAverage };
  Kind kind = Kind::kMax;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t padding = 0;
};

/// `[N,C,H,W]` -> `[N,C]`: the mean over the pixels.
struct GlobalAveragePool {};

/// `[N,C,H,W]` -> `[N,C*H*W]`.
struct Flatten {};

/// The image without its first rows and columns.
struct Crop {
  int64_t top = 0;
  int64_t left = 0;
};

/// The input itself.
struct Identity {};

/// Zeros, whatever the input is: `[N,C,H,W]` -> `[N,C,H/stride,W/stride]`.
struct Zero {
  int64_t stride = 1;
};

/// In training: zeros for some of the images, and the others scaled up (ForwardContext::drop_path).
/// The input itself otherwise.
struct DropPath {};

/// The sum of one or more inputs of one shape.
struct Sum {};

/// The inputs, concatenated along the channels.
struct Concat {};

using Operator = std::variant<Convolution, BatchNorm, Linear, Relu, Pool, GlobalAveragePool,
                              Flatten, Crop, Identity, Zero, DropPath, Sum, Concat>;

}  // namespace graph

/// A network as a graph. Values are numbered: value 0 is the images, and value i + 1 is what node i
/// gives.
struct NetworkGraph {
  struct Node {
    graph::Operator op;
    std::vector<int> inputs;  ///< values of earlier nodes, or 0
    /// The innermost module that the node is part of, as an index into `modules`.
    int module = 0;
    /// The name of the layer in this module, as in the state dict: "op.1". Empty for what is no
    /// layer: a sum, a concatenation, a ReLU that has no name.
    std::string path;
    /// Where the node stands in the network, for readers: "cell_3/edge_0_2/sep_conv_3x3".
    std::string place;
  };

  /// A part of the network that has layers of its own: a class of Python's torch.
  struct Module {
    std::string type;         ///< "SeparableConvolution"
    std::string path;         ///< in the module around it, as in the state dict: "cells.3"
    int parent = -1;          ///< the module around it; -1 of the network
    std::vector<int> inputs;  ///< values: its parameters. Each is an Identity within the module.
    int output = 0;           ///< a value: its result
    int first_node = 0;       ///< its nodes and its modules' nodes are those from here
    int end_node = 0;         ///< to before this one
  };

  std::vector<Node> nodes;      ///< in the order of the computation
  std::vector<Module> modules;  ///< each after the one around it; the first is the network
  int logits = 0;               ///< a value, `[N,classes]`
  int auxiliary = -1;           ///< a value: logits of the auxiliary head in training; -1 without
};

/// The name of a node's layer in the network's state dict: "cells.3._ops.2.op.1". Of a node that is
/// no layer, the name of its module.
std::string LayerName(const NetworkGraph& graph, const NetworkGraph::Node& node);

/// What comes out of a part of a network that is being described.
struct GraphValue {
  int index = 0;
};

/// Makes a NetworkGraph. A fault is kept until Finish, so that descriptions need not check for it.
class GraphBuilder {
 public:
  GraphBuilder();

  /// `[N,C,H,W]`, normalized as the network was trained.
  GraphValue images() const { return {0}; }

  /// A node. path: NetworkGraph::Node::path, in the module that is open; empty for no layer.
  GraphValue Add(absl::string_view path, graph::Operator op, std::vector<GraphValue> inputs);

  /// The parameters of a module, as values within it -> its result.
  using Body = std::function<GraphValue(const std::vector<GraphValue>& parameters)>;
  /// A module, of what `body` adds. Modules of the same type that differ only in their sizes become
  /// one class of Python.
  GraphValue Module(absl::string_view path, absl::string_view type,
                    const std::vector<GraphValue>& inputs, const Body& body);

  /// The module or layer `path` can't be described: Finish gives kUnimplemented, which names it by
  /// its place, or by `path` outside of all places. Returns some value.
  GraphValue Unsupported(absl::string_view path);

  /// While one lives, nodes have a further part in their NetworkGraph::Node::place.
  class Place {
   public:
    Place(GraphBuilder* builder, absl::string_view name);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    GraphBuilder* const builder_;
    const size_t outer_length_;
  };

  /// auxiliary: of the auxiliary head, if there is one.
  /// \error kUnimplemented naming what can't be described; kInternal naming the place where a
  /// description is wrong: a layer with weights has no name, or a value of another module is used.
  absl::StatusOr<NetworkGraph> Finish(GraphValue logits, const GraphValue* auxiliary) &&;

 private:
  NetworkGraph graph_;
  int module_ = 0;
  std::string place_;
  absl::Status status_;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_NETWORK_GRAPH_H_
