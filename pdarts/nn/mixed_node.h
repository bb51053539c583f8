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

/// The candidate operations of one edge.
using EdgeOperations = std::vector<std::shared_ptr<Operation>>;

/// An edge into a node of a super-network.
struct MixedEdge {
  at::Tensor x;  ///< `[N,C,H,W]`, the output of the node that it starts at
  const EdgeOperations* operations = nullptr;
  at::Tensor probabilities;  ///< `[K]`, one for each operation; undefined: all are 1
  at::Tensor image_scale;    ///< `[N]`, or undefined: what the edge is multiplied by for each image
  int64_t number = 0;        ///< of the edge in its cell: the edge's part of the context
};

/// A node: the sum over its edges of each edge's operations, weighed by their probabilities
/// (docs/algorithm.md, "Mixed operations"). Operations that give zero cost nothing unless there is
/// no other.
at::Tensor MixedNode(const std::vector<MixedEdge>& edges, const ForwardContext& context,
                     const Backend& backend);

/// The graph of a super-network's cell. Nodes are numbered with the inputs first.
struct MixedGraph {
  int num_inputs = 0;
  int num_nodes = 0;
  std::vector<Edge> edges;
  std::vector<int> output_nodes;  ///< whose values make the output, concatenated along the channels
  int64_t reduction = 1;          ///< what the inputs' sides are divided by in the other nodes
};

/// All nodes of a cell. operations: of each edge; inputs: `[N,C,H,W]`; probabilities `[E,K]`, or
/// undefined: every operation counts once, as in a derived network. Returns `[N,outputs*C,H',W']`.
///
/// context: of this cell alone (ForwardContext::At), because the masks of edge e and of its
/// operations are those of the context's part e. In training, edges are dropped by sample, and the
/// others are divided by what is left: with context.drop_path all edges but those that are an
/// identity, otherwise all edges with the probability of kEdgeDropPathKnob. All backends draw the
/// same. The cell is computed in one go if all operations can be put as data (MixedCell), and node
/// by node otherwise.
at::Tensor MixedNodes(const MixedGraph& graph, const std::vector<EdgeOperations>& operations,
                      const std::vector<at::Tensor>& inputs, const at::Tensor& probabilities,
                      const ForwardContext& context, const Backend& backend);

/// Describes what MixedNodes computes of a derived network's cell, which has one operation an edge,
/// within the module that is open. Edges that are no identity have drop path.
/// names: of each edge's operation; list: the child of the cell that has the operations as children
/// "0", "1", ..., in the order of the edges.
GraphValue DescribeNodes(const MixedGraph& graph, const std::vector<EdgeOperations>& operations,
                         const std::vector<std::string>& names, absl::string_view list,
                         const std::vector<GraphValue>& inputs, GraphBuilder* builder);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_MIXED_NODE_H_
