#include "pdarts/nn/mixed_node.h"

#include <algorithm>
#include <utility>

#include "ATen/ops/cat.h"
#include "ATen/ops/ones.h"
#include "ATen/ops/stack.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/core/knob.h"
#include "pdarts/nn/kernels/activation_storage.h"
#include "pdarts/nn/kernels/dropout.h"
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

/// The probability with which an edge is dropped for an image.
Rate DropRate(const EdgeOperations& operations, const ForwardContext& context) {
  if (!operations.front()->is_training()) return 0;
  const bool is_identity = operations.size() == 1 && operations.front()->is_identity();
  if (context.drop_path > 0) return is_identity ? Rate() : context.DropPathRate();
  return context.drop_edges ? context.KnobRate(kEdgeDropPathKnob) : Rate();
}

/// The scale of each edge for each image: `[N]` float32; undefined for edges that are never
/// dropped.
std::vector<at::Tensor> DrawEdgeScales(const std::vector<EdgeOperations>& operations,
                                       int64_t images, const ForwardContext& context) {
  // All edges that can be dropped have the same rate, and are drawn together.
  std::vector<size_t> edges;
  std::vector<Masks> places;
  Rate of_all;
  for (size_t e = 0; e < operations.size(); ++e) {
    const Rate rate = DropRate(operations[e], context);
    if (rate.value == 0) continue;
    of_all = rate;
    edges.push_back(e);
    places.push_back(context.masks.At(static_cast<int64_t>(e)));
  }
  const std::vector<at::Tensor> drawn = ImageScales(places, images, of_all);
  std::vector<at::Tensor> scales(operations.size());
  for (size_t i = 0; i < edges.size(); ++i) scales[edges[i]] = drawn[i];
  return scales;
}

int64_t NumOperations(const std::vector<EdgeOperations>& operations) {
  int64_t count = 0;
  for (const EdgeOperations& edge : operations) count += static_cast<int64_t>(edge.size());
  return count;
}

/// A coefficient of 1 for each of `count` operations. Coefficients have the type of the sums.
at::Tensor Ones(int64_t count, const at::Tensor& input) {
  return at::ones({count}, ActivationStorage::ComputedOptions(input));
}

/// The cell as data for MixedCell. scales: from DrawEdgeScales.
MixedCellArgs CellForm(const MixedGraph& graph, const std::vector<EdgeOperations>& operations,
                       const at::Tensor& input, const std::vector<at::Tensor>& scales,
                       const ForwardContext& context) {
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
    CellEdge edge{graph.edges[e].from, graph.edges[e].to, {}, scales[e]};
    const ForwardContext of_edge = context.At(static_cast<int64_t>(e));
    const at::IntArrayRef sizes =
        edge.from < graph.num_inputs ? input.sizes() : at::IntArrayRef(node_sizes);
    for (size_t k = 0; k < operations[e].size(); ++k, ++coefficient) {
      const Operation& operation = *operations[e][k];
      if (operation.is_zero()) continue;
      edge.operations.push_back(operation.CellForm(sizes, of_edge.At(static_cast<int64_t>(k))));
      edge.operations.back().coefficient = coefficient;
    }
    cell.edges.push_back(std::move(edge));
  }
  return cell;
}

}  // namespace

at::Tensor MixedNode(const std::vector<MixedEdge>& edges, const ForwardContext& context,
                     const Backend& backend) {
  CHECK(!edges.empty());
  const ActivationStorage storage(edges[0].x);
  if (std::any_of(edges.begin(), edges.end(),
                  [](const MixedEdge& edge) { return edge.image_scale.defined(); })) {
    at::Tensor sum;
    for (MixedEdge edge : edges) {
      const at::Tensor scale = std::exchange(edge.image_scale, {});
      at::Tensor value = storage.ForSum(MixedNode({edge}, context, backend));
      if (scale.defined()) value = value * scale.view({-1, 1, 1, 1}).to(value.options());
      sum = sum.defined() ? sum + value : value;
    }
    return storage.Narrow(sum);
  }
  std::vector<NodeTerm> terms;
  std::vector<at::Tensor> coefficients;
  for (const MixedEdge& edge : edges) {
    const ForwardContext of_edge = context.At(edge.number);
    std::vector<at::Tensor> probabilities;
    if (edge.probabilities.defined()) {
      probabilities = edge.probabilities.unbind(0);
      CHECK_EQ(probabilities.size(), edge.operations->size());
    }
    for (size_t k = 0; k < edge.operations->size(); ++k) {
      const Operation& operation = *(*edge.operations)[k];
      if (operation.is_zero()) continue;
      const ForwardContext of_operation = of_edge.At(static_cast<int64_t>(k));
      const PreNormalization before = operation.PreNormalize(edge.x, of_operation);
      NodeTerm& term = terms.emplace_back();
      term.value = before.value;
      if (before.batch_norm != nullptr) term.batch_norm = before.batch_norm->Args(of_operation);
      if (!probabilities.empty()) coefficients.push_back(probabilities[k]);
    }
  }
  if (!terms.empty()) {
    return NodeSum(backend, terms,
                   coefficients.empty()
                       ? Ones(static_cast<int64_t>(terms.size()), terms.front().value)
                       : at::stack(coefficients));
  }
  return edges[0].operations->front()->Forward(edges[0].x, context);
}

at::Tensor MixedNodes(const MixedGraph& graph, const std::vector<EdgeOperations>& operations,
                      const std::vector<at::Tensor>& inputs, const at::Tensor& probabilities,
                      const ForwardContext& context, const Backend& backend) {
  CHECK_EQ(static_cast<int>(inputs.size()), graph.num_inputs);
  CHECK_EQ(operations.size(), graph.edges.size());
  const std::vector<at::Tensor> scales = DrawEdgeScales(operations, inputs[0].size(0), context);
  if (HasCellForm(operations)) {
    const at::Tensor coefficients = probabilities.defined()
                                        ? probabilities.flatten()
                                        : Ones(NumOperations(operations), inputs[0]);
    return MixedCell(backend, CellForm(graph, operations, inputs[0], scales, context), inputs,
                     coefficients);
  }
  std::vector<at::Tensor> of_edges(operations.size());
  if (probabilities.defined()) of_edges = probabilities.unbind(0);
  std::vector<at::Tensor> nodes = inputs;
  for (int node = graph.num_inputs; node < graph.num_nodes; ++node) {
    std::vector<MixedEdge> incoming;
    for (size_t e = 0; e < graph.edges.size(); ++e) {
      if (graph.edges[e].to != node) continue;
      incoming.push_back({nodes[graph.edges[e].from], &operations[e], of_edges[e], scales[e],
                          static_cast<int64_t>(e)});
    }
    const at::Tensor& value = nodes.emplace_back(MixedNode(incoming, context, backend));
    // MixedCell needs these sizes, but would detect a violation only if all operations had a cell
    // form.
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

GraphValue DescribeNodes(const MixedGraph& graph, const std::vector<EdgeOperations>& operations,
                         const std::vector<std::string>& names, absl::string_view list,
                         const std::vector<GraphValue>& inputs, GraphBuilder* builder) {
  CHECK_EQ(static_cast<int>(inputs.size()), graph.num_inputs);
  CHECK_EQ(operations.size(), graph.edges.size());
  CHECK_EQ(names.size(), graph.edges.size());
  std::vector<GraphValue> nodes = inputs;
  for (int node = graph.num_inputs; node < graph.num_nodes; ++node) {
    std::vector<GraphValue> terms;
    for (size_t e = 0; e < graph.edges.size(); ++e) {
      const Edge& edge = graph.edges[e];
      if (edge.to != node) continue;
      CHECK_EQ(operations[e].size(), 1u) << "an edge of a derived network has one operation";
      const Operation& operation = *operations[e].front();
      const GraphBuilder::Place of_edge(builder, absl::StrCat("edge_", edge.from, "_", edge.to));
      const GraphBuilder::Place of_operation(builder, names[e]);
      GraphValue value = operation.Describe(builder, absl::StrCat(list, ".", e), nodes[edge.from]);
      if (!operation.is_identity() && !operation.is_zero()) {
        value = builder->Add("", graph::DropPath{}, {value});
      }
      terms.push_back(value);
    }
    const GraphBuilder::Place of_node(builder, absl::StrCat("node_", node));
    if (terms.empty()) {
      nodes.push_back(builder->Add("", graph::Zero{graph.reduction}, {inputs[0]}));
    } else {
      nodes.push_back(terms.size() == 1 ? terms[0] : builder->Add("", graph::Sum{}, terms));
    }
  }
  std::vector<GraphValue> outputs;
  for (const int node : graph.output_nodes) outputs.push_back(nodes[node]);
  return outputs.size() == 1 ? outputs[0] : builder->Add("", graph::Concat{}, outputs);
}

}  // namespace pdarts::nn
