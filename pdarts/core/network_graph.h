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

// The computation of a network, as data. Each layer and operation describes itself to a
// GraphBuilder in one method. The code that exports a network (pdarts/export) reads the finished
// NetworkGraph and needs no knowledge of search spaces and operations.

/// The operators of a graph. Images and activations are `[N,C,H,W]`. Tensors are the tensors of the
/// network, not copies.
namespace graph {

/// A 2-d convolution with zero padding. The stride, the padding and the dilation are the same for
/// rows and columns.
struct Convolution {
  at::Tensor weight;  ///< `[out,in/groups,kh,kw]`
  at::Tensor bias;    ///< `[out]`, or undefined
  int64_t stride = 1;
  int64_t padding = 0;
  int64_t dilation = 1;
  int64_t groups = 1;
};

/// Batch normalization. It uses the running statistics in evaluation, and the statistics of the
/// batch in training.
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

/// The maximum or the mean of kxk windows. Both ignore the padding.
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

/// Zeros for any input: `[N,C,H,W]` -> `[N,C,H/stride,W/stride]`.
struct Zero {
  int64_t stride = 1;
};

/// In training: zeros for some of the images, and the other images scaled up
/// (ForwardContext::drop_path). Otherwise, the input itself.
struct DropPath {};

/// The sum of one or more inputs of the same shape.
struct Sum {};

/// The inputs, concatenated along the channels.
struct Concat {};

using Operator = std::variant<Convolution, BatchNorm, Linear, Relu, Pool, GlobalAveragePool,
                              Flatten, Crop, Identity, Zero, DropPath, Sum, Concat>;

}  // namespace graph

/// A network as a graph. Values are numbered: value 0 is the images, and value i + 1 is the result
/// of node i.
struct NetworkGraph {
  struct Node {
    graph::Operator op;
    std::vector<int> inputs;  ///< values of earlier nodes, or 0
    /// The innermost module that contains the node, as an index into `modules`.
    int module = 0;
    /// The name of the layer in this module, as in the state dict: "op.1". Empty if the node is not
    /// a layer: a sum, a concatenation, a ReLU without a name.
    std::string path;
    /// The place of the node in the network, for readers: "cell_3/edge_0_2/sep_conv_3x3".
    std::string place;
  };

  /// A part of the network that has layers of its own. It becomes a class in the exported Python
  /// code.
  struct Module {
    std::string type;         ///< "SeparableConvolution"
    std::string path;         ///< in the enclosing module, as in the state dict: "cells.3"
    int parent = -1;          ///< the enclosing module; -1 for the network
    std::vector<int> inputs;  ///< values: its parameters. Each is an Identity within the module.
    int output = 0;           ///< a value: its result
    int first_node = 0;       ///< the nodes of the module and of its modules begin here
    int end_node = 0;         ///< and end before this node
  };

  std::vector<Node> nodes;      ///< in the order of the computation
  std::vector<Module> modules;  ///< each after its enclosing module; the first is the network
  int logits = 0;               ///< a value, `[N,classes]`
  int auxiliary = -1;           ///< a value: logits of the auxiliary head in training; -1: none
};

/// The name of a node's layer in the state dict of the network: "cells.3._ops.2.op.1". If the node
/// is not a layer, the name of its module.
std::string LayerName(const NetworkGraph& graph, const NetworkGraph::Node& node);

/// The result of a part of a network that is being described.
struct GraphValue {
  int index = 0;
};

/// Makes a NetworkGraph. The first fault is kept until Finish, so that descriptions need not check
/// for faults.
class GraphBuilder {
 public:
  GraphBuilder();

  /// The images: `[N,C,H,W]`, normalized as in the training of the network.
  GraphValue images() const { return {0}; }

  /// Adds a node. path: NetworkGraph::Node::path in the current module; empty if the node is not a
  /// layer.
  GraphValue Add(absl::string_view path, graph::Operator op, std::vector<GraphValue> inputs);

  /// A function from the parameters of a module, as values inside it, to the result of the module.
  using Body = std::function<GraphValue(const std::vector<GraphValue>& parameters)>;
  /// Adds a module with the nodes that `body` adds. Modules of the same type that differ only in
  /// their sizes become one class of Python.
  GraphValue Module(absl::string_view path, absl::string_view type,
                    const std::vector<GraphValue>& inputs, const Body& body);

  /// Records that the module or layer `path` cannot be described. Finish then returns
  /// kUnimplemented, which names the place, or `path` outside of all places. The returned value has
  /// no meaning.
  GraphValue Unsupported(absl::string_view path);

  /// While an object exists, its text is a further part of the NetworkGraph::Node::place of new
  /// nodes.
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

  /// auxiliary: the logits of the auxiliary head, if there is one.
  /// \error kUnimplemented naming the part that cannot be described; kInternal naming the place of
  /// a wrong description, for example a layer with weights that has no name, or a node that uses a
  /// value of another module.
  absl::StatusOr<NetworkGraph> Finish(GraphValue logits, const GraphValue* auxiliary) &&;

 private:
  NetworkGraph graph_;
  int module_ = 0;
  std::string place_;
  absl::Status status_;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_NETWORK_GRAPH_H_
