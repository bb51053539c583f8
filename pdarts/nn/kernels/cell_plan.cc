#include "pdarts/nn/kernels/cell_plan.h"

#include <algorithm>
#include <utility>

#include "glog/logging.h"

namespace pdarts::nn {

CellPlan::CellPlan(const MixedCellArgs& cell, const std::vector<at::Tensor>& inputs,
                   const at::Tensor& coefficients, std::vector<at::Tensor>& autograd_inputs)
    : num_inputs(cell.num_inputs),
      outputs(static_cast<int64_t>(cell.output_nodes.size())),
      channels(cell.channels),
      height(cell.height),
      width(cell.width) {
  Begin(cell, inputs, coefficients, nodes, autograd_inputs);
  images = inputs[0].size(0);
  num_coefficients = coefficients.numel();
  for (const CellEdge& edge : cell.edges) AddEdge(edge, autograd_inputs);
}

std::vector<std::vector<int>> CellPlan::groups() const {
  std::vector<std::vector<int>> groups(1);
  for (int node = 0; node < num_nodes(); ++node) {
    if (!is_input(node)) groups.emplace_back();
    groups.back().push_back(node);
  }
  return groups;
}

std::vector<int> CellPlan::OperationsOn(const std::vector<int>& sources) const {
  std::vector<int> all;
  for (const int source : sources) {
    const std::vector<int>& own = nodes[source].operations;
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

void CellPlan::AddEdge(const CellEdge& edge, std::vector<at::Tensor>& autograd_inputs) {
  CHECK(edge.from >= 0 && edge.from < edge.to && !is_input(edge.to) && edge.to < num_nodes())
      << edge.from << " to " << edge.to;
  Term term;
  term.node = edge.to;
  term.source = edge.from;
  if (edge.image_scale.defined()) {
    CHECK_EQ(edge.image_scale.numel(), images);
    const at::Tensor scale = edge.image_scale.to(at::kCPU, at::kDouble).contiguous();
    term.image_scale.assign(scale.const_data_ptr<double>(),
                            scale.const_data_ptr<double>() + images);
  }
  for (const CellOperation& operation : edge.operations) {
    term.coefficient = operation.coefficient;
    CHECK(term.coefficient >= 0 && term.coefficient < num_coefficients)
        << "coefficient " << term.coefficient << " of " << num_coefficients;
    switch (operation.kind) {
      case CellOperation::Kind::kIdentity:
        AddIdentity(term, operation);
        break;
      case CellOperation::Kind::kConvolution:
        AddConvolution(term, operation, autograd_inputs);
        break;
      case CellOperation::Kind::kMaxPool:
      case CellOperation::Kind::kAveragePool:
        AddPool(term, operation, autograd_inputs);
        break;
    }
    CHECK(operation.kind == CellOperation::Kind::kIdentity || !operation.dropout_mask.defined())
        << "dropout is for identities";
  }
}

void CellPlan::AddIdentity(Term term, const CellOperation& operation) {
  const Node& source = nodes[term.source];
  CHECK(source.channels == channels && source.height == height && source.width == width)
      << "an identity of " << source.channels << "x" << source.height << "x" << source.width
      << " to a node of " << channels << "x" << height << "x" << width;
  term.scale = operation.dropout_scale;
  CHECK(!operation.device_dropout) << "the fused kernels draw masks on the CPU";
  if (operation.dropout_mask.defined()) {
    CHECK(operation.dropout_mask.scalar_type() == at::kByte &&
          operation.dropout_mask.sizes() == at::IntArrayRef({images, channels, height, width}));
    term.mask = operation.dropout_mask.contiguous(at::MemoryFormat::ChannelsLast);
  }
  AddTerm(std::move(term));
}

void CellPlan::AddConvolution(Term term, const CellOperation& operation,
                              std::vector<at::Tensor>& autograd_inputs) {
  CHECK(!operation.chain.empty());
  Operation planned;
  planned.source = term.source;
  int64_t c = nodes[term.source].channels;
  int64_t h = nodes[term.source].height, w = nodes[term.source].width;
  for (const CellOperation::ReluConvBn& from : operation.chain) {
    Convolution& convolution = planned.chain.emplace_back();
    convolution.convolution = from.convolution;
    convolution.batch_norm = from.batch_norm;
    TakeCommunicator(from.batch_norm);
    convolution.description = Describe(from.convolution, c, h, w);
    convolution.first_input = Append(from, autograd_inputs);
    c = convolution.shape().out_channels;
    h = convolution.shape().out_height;
    w = convolution.shape().out_width;
  }
  CHECK(c == channels && h == height && w == width)
      << "a convolution to " << c << "x" << h << "x" << w << " for a node of " << channels << "x"
      << height << "x" << width;
  const Convolution& last = planned.chain.back();
  term.normalizes = true;
  term.batch_norm = last.batch_norm;
  term.affine_input = last.first_input + kNormWeight;
  planned.wants_statistics = term.batch_norm.training;
  term.operation = AddOperation(std::move(planned));
  AddTerm(std::move(term));
}

void CellPlan::AddPool(Term term, const CellOperation& operation,
                       std::vector<at::Tensor>& autograd_inputs) {
  const Node& source = nodes[term.source];
  CHECK(source.channels == channels && (source.height - 1) / operation.stride + 1 == height &&
        (source.width - 1) / operation.stride + 1 == width)
      << "a pool of stride " << operation.stride << " from " << source.channels << "x"
      << source.height << "x" << source.width << " to a node of " << channels << "x" << height
      << "x" << width;
  // Pools of the same source are computed once.
  const auto same = std::find_if(operations.begin(), operations.end(), [&](const Operation& o) {
    return o.source == term.source && o.kind == operation.kind && o.stride == operation.stride;
  });
  if (same != operations.end()) {
    term.operation = static_cast<int>(same - operations.begin());
  } else {
    Operation planned;
    planned.source = term.source;
    planned.kind = operation.kind;
    planned.stride = operation.stride;
    term.operation = AddOperation(std::move(planned));
  }
  if (operation.batch_norm) {
    term.normalizes = true;
    term.batch_norm = *operation.batch_norm;
    TakeCommunicator(term.batch_norm);
    term.affine_input = autograd_inputs.size();
    autograd_inputs.push_back(term.batch_norm.weight);
    autograd_inputs.push_back(term.batch_norm.bias);
    operations[term.operation].wants_statistics |= term.batch_norm.training;
  }
  AddTerm(std::move(term));
}

int CellPlan::AddOperation(Operation operation) {
  const int number = static_cast<int>(operations.size());
  nodes[operation.source].operations.push_back(number);
  operations.push_back(std::move(operation));
  return number;
}

void CellPlan::TakeCommunicator(const BatchNormArgs& batch_norm) {
  if (!IsSynchronized(batch_norm)) return;
  CHECK(communicator == nullptr || communicator == batch_norm.communicator);
  communicator = batch_norm.communicator;
}

void CellPlan::AddTerm(Term term) {
  const int number = static_cast<int>(terms.size());
  nodes[term.node].terms.push_back(number);
  if (term.operation < 0) nodes[term.source].identities.push_back(number);
  terms.push_back(std::move(term));
}

}  // namespace pdarts::nn
