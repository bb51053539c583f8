#include "pdarts/nn/mixed_node.h"

#include <utility>

#include "ATen/ops/cat.h"
#include "ATen/ops/stack.h"
#include "glog/logging.h"
#include "pdarts/nn/kernels/mixed_cell.h"
#include "pdarts/nn/kernels/node_sum.h"

namespace pdarts::nn {
namespace {

bool HasCellForm(const std::vector<EdgeOperations>& operations) {
  for (const EdgeOperations& edge : operations) {
    for (const std::shared_ptr<Operation>& operation : edge) {
      if (!operation->is_zero() && !operation->has_cell_form()) return false;
    }
  }
  return true;
}

/// What each edge is multiplied by for each image: `[E,N]` float32, or undefined if none is
/// dropped.
at::Tensor DrawEdgeScales(const std::vector<EdgeOperations>& operations, int64_t images,
                          const Pass& pass) {
  if (pass.edge_drop_path == 0 || !operations[0][0]->is_training()) return {};
  const auto edges = static_cast<int64_t>(operations.size());
  const at::Tensor kept = DrawSampleMask(edges * images, pass.edge_drop_path, pass);
  // Where nothing is kept there is nothing to make up for.
  return pass.edge_drop_path == 1 ? kept.view({edges, images})
                                  : kept.div(1 - pass.edge_drop_path).view({edges, images});
}

at::Tensor ScaleOf(const at::Tensor& scales, size_t edge) {
  return scales.defined() ? scales[static_cast<int64_t>(edge)] : at::Tensor();
}

/// The cell as data for MixedCell. scales: of DrawEdgeScales.
MixedCellArgs CellForm(const MixedGraph& graph, const std::vector<EdgeOperations>& operations,
                       const at::Tensor& input, const at::Tensor& scales, const Pass& pass) {
  MixedCellArgs cell;
  cell.num_inputs = graph.num_inputs;
  cell.num_nodes = graph.num_nodes;
  cell.output_nodes = graph.output_nodes;
  cell.channels = input.size(1);
  cell.height = input.size(2) / graph.reduction;
  cell.width = input.size(3) / graph.reduction;
  const std::vector<int64_t> node_sizes = {input.size(0), cell.channels, cell.height, cell.width};
  int64_t coefficient = 0;
  for (size_t e = 0; e < graph.edges.size(); ++e) {
    CellEdge edge{graph.edges[e].from, graph.edges[e].to, {}, ScaleOf(scales, e)};
    const at::IntArrayRef sizes =
        edge.from < graph.num_inputs ? input.sizes() : at::IntArrayRef(node_sizes);
    for (const std::shared_ptr<Operation>& operation : operations[e]) {
      const int64_t own = coefficient++;
      if (operation->is_zero()) continue;
      edge.operations.push_back(operation->CellForm(sizes, pass));
      edge.operations.back().coefficient = own;
    }
    cell.edges.push_back(std::move(edge));
  }
  return cell;
}

}  // namespace

at::Tensor MixedNode(const std::vector<MixedEdge>& edges, const Pass& pass,
                     const Backend& backend) {
  CHECK(!edges.empty());
  if (edges[0].image_scale.defined()) {
    at::Tensor sum;
    for (MixedEdge edge : edges) {
      const at::Tensor scale = std::exchange(edge.image_scale, {}).view({-1, 1, 1, 1});
      const at::Tensor value = MixedNode({edge}, pass, backend);
      const at::Tensor scaled = value * scale.to(value.options());
      sum = sum.defined() ? sum + scaled : scaled;
    }
    return sum;
  }
  std::vector<NodeTerm> terms;
  std::vector<at::Tensor> coefficients;
  for (const MixedEdge& edge : edges) {
    const std::vector<at::Tensor> probabilities = edge.probabilities.unbind(0);
    CHECK_EQ(probabilities.size(), edge.operations->size());
    for (size_t k = 0; k < probabilities.size(); ++k) {
      const Operation& operation = *(*edge.operations)[k];
      if (operation.is_zero()) continue;
      const RawOutput raw = operation.Raw(edge.x, pass);
      NodeTerm& term = terms.emplace_back();
      term.raw = raw.value;
      if (raw.batch_norm != nullptr) term.batch_norm = raw.batch_norm->Args(pass);
      coefficients.push_back(probabilities[k]);
    }
  }
  if (!terms.empty()) return NodeSum(backend, terms, at::stack(coefficients));
  return edges[0].operations->front()->Forward(edges[0].x, pass);
}

at::Tensor MixedNodes(const MixedGraph& graph, const std::vector<EdgeOperations>& operations,
                      const std::vector<at::Tensor>& inputs, const at::Tensor& probabilities,
                      const Pass& pass, const Backend& backend) {
  CHECK_EQ(static_cast<int>(inputs.size()), graph.num_inputs);
  CHECK_EQ(operations.size(), graph.edges.size());
  const at::Tensor scales = DrawEdgeScales(operations, inputs[0].size(0), pass);
  if (HasCellForm(operations)) {
    return MixedCell(backend, CellForm(graph, operations, inputs[0], scales, pass), inputs,
                     probabilities.flatten());
  }
  const std::vector<at::Tensor> of_edges = probabilities.unbind(0);
  std::vector<at::Tensor> nodes = inputs;
  for (int node = graph.num_inputs; node < graph.num_nodes; ++node) {
    std::vector<MixedEdge> incoming;
    for (size_t e = 0; e < graph.edges.size(); ++e) {
      if (graph.edges[e].to != node) continue;
      incoming.push_back(
          {nodes[graph.edges[e].from], &operations[e], of_edges[e], ScaleOf(scales, e)});
    }
    const at::Tensor& value = nodes.emplace_back(MixedNode(incoming, pass, backend));
    // What MixedCell relies on, and would find only once all operations have a cell form.
    CHECK(value.size(1) == inputs[0].size(1) &&
          value.size(2) == inputs[0].size(2) / graph.reduction &&
          value.size(3) == inputs[0].size(3) / graph.reduction)
        << "node " << node << " of a cell is " << value.sizes() << ", its input "
        << inputs[0].sizes() << ", and the graph's reduction " << graph.reduction
        << ": edges from inputs have that stride, and operations keep the channels";
  }
  std::vector<at::Tensor> outputs;
  for (const int node : graph.output_nodes) outputs.push_back(nodes[node]);
  return outputs.size() == 1 ? outputs[0] : at::cat(outputs, 1);
}

}  // namespace pdarts::nn
