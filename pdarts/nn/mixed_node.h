#ifndef PDARTS_NN_MIXED_NODE_H_
#define PDARTS_NN_MIXED_NODE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/network_graph.h"
#include "pdarts/core/topology.h"
#include "pdarts/nn/operation.h"

namespace pdarts::nn {

/// The operations of one edge: its candidates in a super-network, and one operation in a derived
/// network.
using EdgeOperations = std::vector<std::shared_ptr<Operation>>;

/// An edge into a node of a cell.
struct MixedEdge {
  at::Tensor x;  ///< `[N,C,H,W]`, the output of the node at which the edge begins
  const EdgeOperations* operations = nullptr;
  at::Tensor probabilities;  ///< `[K]`, one for each operation; undefined: all are 1
  at::Tensor image_scale;    ///< `[N]`, or undefined: the factor of the edge for each image
  int64_t number = 0;        ///< of the edge in its cell, and of its part of the context
};

/// A node: the sum over its edges of the operations of each edge, weighted by their probabilities
/// (docs/algorithm.md, "Mixed operations"). Operations that give zero are not computed. If all
/// operations give zero, the first operation of the first edge is computed.
at::Tensor MixedNode(const std::vector<MixedEdge>& edges, const ForwardContext& context,
                     const Backend& backend);

/// The graph of a cell. Nodes are numbered, and the inputs come first.
struct MixedGraph {
  int num_inputs = 0;
  int num_nodes = 0;
  std::vector<Edge> edges;
  std::vector<int> output_nodes;  ///< their concatenation along the channels is the output
  int64_t reduction = 1;          ///< sides of the inputs, divided by sides of the other nodes
};

/// All nodes of a cell. operations: of each edge. inputs: `[N,C,H,W]`. probabilities: `[E,K]`, or
/// undefined: every operation has the factor 1, as in a derived network. Returns
/// `[N,outputs*C,H',W']`.
///
/// context: for this cell only (ForwardContext::At), because edge e and its operations draw their
/// masks from part e of the context. In training, edges are dropped for single images, and the kept
/// edges are divided by the probability of being kept. If context.drop_path is above 0, its rate
/// applies to all edges that are not an identity. Otherwise, if context.drop_edges is set, the rate
/// of kEdgeDropPathKnob applies to all edges. Otherwise, no edge is dropped. All backends draw the
/// same masks.
///
/// If all operations that do not give zero have a cell form, MixedCell computes the complete cell.
/// Otherwise, the cell is computed node by node.
at::Tensor MixedNodes(const MixedGraph& graph, const std::vector<EdgeOperations>& operations,
                      const std::vector<at::Tensor>& inputs, const at::Tensor& probabilities,
                      const ForwardContext& context, const Backend& backend);

/// Describes the computation of MixedNodes for a cell of a derived network, which has one operation
/// for each edge, inside the current module. Edges whose operation is neither an identity nor zero
/// have drop path. names: of the operation of each edge. list: the child of the cell whose children
/// "0", "1", ... are the operations, in the order of the edges.
GraphValue DescribeNodes(const MixedGraph& graph, const std::vector<EdgeOperations>& operations,
                         const std::vector<std::string>& names, absl::string_view list,
                         const std::vector<GraphValue>& inputs, GraphBuilder* builder);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_MIXED_NODE_H_
