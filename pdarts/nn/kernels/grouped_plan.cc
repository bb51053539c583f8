#include "pdarts/nn/kernels/grouped_plan.h"

#include <algorithm>
#include <utility>

#include "glog/logging.h"

namespace pdarts::nn {
namespace {

constexpr size_t kMaxConvolutions = 2;

/// Whether convolutions on different nodes can share a batch. The other kinds must read the same
/// source, and become one convolution with all their output channels.
bool TakesSeveralSources(ConvolutionKind kind) {
  return kind == ConvolutionKind::kSeparable || kind == ConvolutionKind::kFactorizedReduce;
}

int64_t KernelOf(const ReluConvolution& convolution) {
  return convolution.kind == ConvolutionKind::kSeparable ? convolution.depthwise.size(2)
                                                         : convolution.weight.size(2);
}

int64_t OutChannels(const ReluConvolution& convolution) {
  return convolution.weight.size(0) *
         (convolution.kind == ConvolutionKind::kFactorizedReduce ? 2 : 1);
}

int64_t StrideOf(const ReluConvolution& convolution) {
  return convolution.kind == ConvolutionKind::kFactorizedReduce ? 2 : convolution.stride;
}

int64_t OutSide(int64_t side, int64_t stride) { return (side - 1) / stride + 1; }

/// Whether a batch can hold the convolution as the second one of its chain.
bool IsSecond(const ReluConvolution& convolution) {
  return convolution.kind == ConvolutionKind::kSeparable && convolution.stride == 1;
}

}  // namespace

std::optional<GroupedPlan> GroupedPlan::Make(const MixedCellArgs& cell,
                                             const std::vector<at::Tensor>& inputs,
                                             const at::Tensor& coefficients,
                                             std::vector<at::Tensor>& autograd_inputs) {
  GroupedPlan plan;
  plan.num_inputs = cell.num_inputs;
  plan.channels = cell.channels;
  plan.height = cell.height;
  plan.width = cell.width;
  Begin(cell, inputs, coefficients, plan.nodes, autograd_inputs);
  plan.images = inputs[0].size(0);
  plan.num_coefficients = coefficients.numel();
  plan.firsts.resize(1 + cell.num_nodes - cell.num_inputs);
  plan.seconds.resize(plan.firsts.size());
  std::vector<bool> has_coefficient(plan.num_coefficients);
  for (const CellEdge& edge : cell.edges) {
    CHECK(edge.from >= 0 && edge.from < edge.to && !plan.is_input(edge.to) &&
          edge.to < plan.num_nodes())
        << edge.from << " to " << edge.to;
    for (const CellOperation& operation : edge.operations) {
      CHECK(operation.coefficient >= 0 && operation.coefficient < plan.num_coefficients)
          << "coefficient " << operation.coefficient << " of " << plan.num_coefficients;
      if (has_coefficient[operation.coefficient]) return std::nullopt;
      has_coefficient[operation.coefficient] = true;
      if (!plan.Add(edge, operation, inputs[0], autograd_inputs)) return std::nullopt;
    }
  }
  plan.NumberTerms();
  return plan;
}

std::optional<GroupedPlan> GroupedPlan::OfSum(const std::vector<NodeTerm>& terms,
                                              const at::Tensor& coefficients,
                                              std::vector<at::Tensor>& autograd_inputs) {
  CHECK(!terms.empty());
  CHECK_EQ(coefficients.numel(), static_cast<int64_t>(terms.size()));
  MixedCellArgs cell;
  cell.num_inputs = static_cast<int>(terms.size());
  cell.num_nodes = cell.num_inputs + 1;
  cell.output_nodes = {cell.num_inputs};
  const at::Tensor& first = terms[0].value;
  cell.channels = first.size(1);
  cell.height = first.size(2);
  cell.width = first.size(3);
  std::vector<at::Tensor> values;
  for (const NodeTerm& term : terms) {
    CHECK(term.value.sizes() == first.sizes());
    values.push_back(term.value);
  }
  std::optional<GroupedPlan> plan = Make(cell, values, coefficients, autograd_inputs);
  Node& node = plan->nodes.back();
  for (size_t i = 0; i < terms.size(); ++i) {
    Term term;
    term.number = static_cast<int>(i);
    term.coefficient = static_cast<int64_t>(i);
    if (terms[i].batch_norm) {
      if (terms[i].dropout_mask.defined() || terms[i].device_dropout ||
          !plan->Take(*terms[i].batch_norm)) {
        return std::nullopt;
      }
      plan->AddNormalized(&node, std::move(term), *terms[i].batch_norm, autograd_inputs);
      continue;
    }
    if (!plan->TakeDropout(terms[i].dropout_mask, terms[i].dropout_scale, terms[i].device_dropout,
                           first, &term)) {
      return std::nullopt;
    }
    node.plain.push_back(std::move(term));
  }
  plan->NumberTerms();
  return plan;
}

std::vector<const BatchNormArgs*> GroupedPlan::BatchNorms() const {
  std::vector<const BatchNormArgs*> all;
  for (const std::vector<size_t>& level : seconds) {
    for (const size_t second : level) {
      for (const int chain : batches[second].chains) {
        all.push_back(&chains[chain].convolutions[0].batch_norm);
      }
    }
  }
  for (const Node& node : nodes) {
    for (const Term& term : node.normalized) all.push_back(&term.batch_norm);
  }
  return all;
}

bool GroupedPlan::Add(const CellEdge& edge, const CellOperation& operation, const at::Tensor& like,
                      std::vector<at::Tensor>& autograd_inputs) {
  Term term;
  term.coefficient = operation.coefficient;
  if (edge.image_scale.defined()) {
    CHECK_EQ(edge.image_scale.numel(), images);
    term.image_scale = edge.image_scale.to(like.device(), at::kFloat).reshape({images});
  }
  CHECK(operation.kind == CellOperation::Kind::kIdentity ||
        (!operation.dropout_mask.defined() && !operation.device_dropout))
      << "dropout is for identities";
  const Node& source = nodes[edge.from];
  switch (operation.kind) {
    case CellOperation::Kind::kIdentity:
      CHECK(source.channels == channels && source.height == height && source.width == width)
          << "an identity of " << source.channels << "x" << source.height << "x" << source.width
          << " to a node of " << channels << "x" << height << "x" << width;
      term.number = edge.from;
      if (!TakeDropout(operation.dropout_mask, operation.dropout_scale, operation.device_dropout,
                       like, &term)) {
        return false;
      }
      nodes[edge.to].plain.push_back(std::move(term));
      return true;
    case CellOperation::Kind::kMaxPool:
    case CellOperation::Kind::kAveragePool:
      term.value = Term::Value::kPool;
      term.number = AddPool(edge.from, operation);
      if (!operation.batch_norm) {
        nodes[edge.to].plain.push_back(std::move(term));
        return true;
      }
      if (!Take(*operation.batch_norm)) return false;
      AddNormalized(&nodes[edge.to], std::move(term), *operation.batch_norm, autograd_inputs);
      return true;
    case CellOperation::Kind::kConvolution:
      return AddChain(std::move(term), edge, operation, autograd_inputs);
  }
  LOG(FATAL) << "no operation " << static_cast<int>(operation.kind);
}

bool GroupedPlan::TakeDropout(const at::Tensor& mask, double scale,
                              const std::optional<DeviceDropout>& on_device,
                              const at::Tensor& value, Term* term) {
  term->scale = scale;
  if (mask.defined()) term->gate = mask.to(value.device(), value.scalar_type()).contiguous();
  if (!on_device) return true;
  if (on_device->rate.value == 1) {
    term->scale = 0;
    return true;
  }
  term->place = on_device->masks.Place();
  if (!dropout) dropout = on_device;
  return on_device->masks.device_counter().is_same(dropout->masks.device_counter()) &&
         on_device->rate.value == dropout->rate.value &&
         on_device->rate.on_device.is_same(dropout->rate.on_device);
}

bool GroupedPlan::Take(const BatchNormArgs& batch_norm) {
  if (IsSynchronized(batch_norm)) return false;
  CHECK_EQ(batch_norm.weight.defined(), batch_norm.bias.defined());
  if (!has_settings_) {
    has_settings_ = true;
    settings.training = batch_norm.training;
    settings.update_statistics = batch_norm.update_statistics;
    settings.eps = batch_norm.eps;
    settings.momentum = batch_norm.momentum;
  }
  is_affine |= batch_norm.weight.defined();
  return batch_norm.training == settings.training &&
         batch_norm.update_statistics == settings.update_statistics &&
         batch_norm.eps == settings.eps && batch_norm.momentum == settings.momentum;
}

void GroupedPlan::AddNormalized(Node* node, Term term, const BatchNormArgs& batch_norm,
                                std::vector<at::Tensor>& autograd_inputs) {
  term.batch_norm = batch_norm;
  term.affine_input = autograd_inputs.size();
  autograd_inputs.push_back(batch_norm.weight);
  autograd_inputs.push_back(batch_norm.bias);
  node->normalized.push_back(std::move(term));
}

int GroupedPlan::AddPool(int source, const CellOperation& operation) {
  Node& node = nodes[source];
  CHECK(node.channels == channels && OutSide(node.height, operation.stride) == height &&
        OutSide(node.width, operation.stride) == width)
      << "a pool of stride " << operation.stride << " from " << node.channels << "x" << node.height
      << "x" << node.width << " to a node of " << channels << "x" << height << "x" << width;
  // Pools of the same source are computed once.
  for (const int known : node.pools) {
    if (pools[known].kind == operation.kind && pools[known].stride == operation.stride) {
      return known;
    }
  }
  node.pools.push_back(static_cast<int>(pools.size()));
  pools.push_back({source, operation.kind, operation.stride});
  return node.pools.back();
}

bool GroupedPlan::AddChain(Term term, const CellEdge& edge, const CellOperation& operation,
                           std::vector<at::Tensor>& autograd_inputs) {
  CHECK(!operation.chain.empty());
  if (operation.chain.size() > kMaxConvolutions) return false;
  const int number = static_cast<int>(chains.size());
  Chain chain;
  chain.source = edge.from;
  chain.node = edge.to;
  int64_t c = nodes[edge.from].channels, h = nodes[edge.from].height, w = nodes[edge.from].width;
  std::vector<int64_t> in_channels;
  for (const CellOperation::ReluConvBn& from : operation.chain) {
    if (!chain.convolutions.empty() && !IsSecond(from.convolution)) return false;
    if (!Take(from.batch_norm)) return false;
    in_channels.push_back(c);
    CHECK_EQ(from.convolution.weight.size(1), c) << "input channels of a convolution";
    CHECK(from.convolution.kind != ConvolutionKind::kFactorizedReduce || (h % 2 == 0 && w % 2 == 0))
        << "a factorized reduction of " << h << "x" << w;
    const int64_t stride = StrideOf(from.convolution);
    c = OutChannels(from.convolution);
    h = OutSide(h, stride);
    w = OutSide(w, stride);
    chain.convolutions.push_back(
        {from.convolution, from.batch_norm, Append(from, autograd_inputs)});
  }
  CHECK(c == channels && h == height && w == width)
      << "a convolution to " << c << "x" << h << "x" << w << " for a node of " << channels << "x"
      << height << "x" << width;
  // The values between two convolutions have the sizes of the nodes too.
  if (chain.convolutions.size() > 1 &&
      (OutChannels(chain.convolutions[0].convolution) != channels)) {
    return false;
  }
  term.value = Term::Value::kChain;
  term.number = number;
  term.batch_norm = chain.convolutions.back().batch_norm;
  term.affine_input = chain.convolutions.back().first_input + kNormWeight;
  const bool has_second = chain.convolutions.size() > 1;
  nodes[edge.from].has_chains = true;
  chains.push_back(std::move(chain));
  const int level = is_input(edge.from) ? 0 : edge.from - num_inputs + 1;
  AddToBatch(firsts[level], number, /*place_in_chain=*/0, in_channels[0]);
  if (has_second) AddToBatch(seconds[level], number, /*place_in_chain=*/1, in_channels[1]);
  nodes[edge.to].normalized.push_back(std::move(term));
  return true;
}

void GroupedPlan::AddToBatch(std::vector<size_t>& of, int chain, size_t place_in_chain,
                             int64_t in_channels) {
  const ReluConvolution& convolution = chains[chain].convolutions[place_in_chain].convolution;
  const int64_t kernel = KernelOf(convolution), stride = StrideOf(convolution);
  const bool separable = convolution.kind == ConvolutionKind::kSeparable;
  const auto fits = [&](size_t number) {
    const Batch& batch = batches[number];
    if (batch.kind != convolution.kind || batch.stride != stride ||
        batch.in_channels != in_channels || batch.dilation != convolution.dilation ||
        batch.has_bias != convolution.bias.defined()) {
      return false;
    }
    const Node& own = nodes[chains[chain].source];
    const Node& other = nodes[chains[batch.chains[0]].source];
    if (place_in_chain == 0 && (own.height != other.height || own.width != other.width)) {
      return false;
    }
    if (!TakesSeveralSources(batch.kind) &&
        chains[batch.chains[0]].source != chains[chain].source) {
      return false;
    }
    return separable || batch.kernel == kernel;
  };
  const auto found = std::find_if(of.begin(), of.end(), fits);
  if (found == of.end()) {
    Batch batch;
    batch.kind = convolution.kind;
    batch.place_in_chain = place_in_chain;
    batch.in_channels = in_channels;
    batch.stride = stride;
    batch.dilation = convolution.dilation;
    batch.kernel = kernel;
    batch.has_bias = convolution.bias.defined();
    batch.chains = {chain};
    of.push_back(batches.size());
    batches.push_back(std::move(batch));
    return;
  }
  Batch& batch = batches[*found];
  batch.is_mixed |= batch.kernel != kernel;
  batch.kernel = std::max(batch.kernel, kernel);
  batch.chains.push_back(chain);
}

void GroupedPlan::NumberTerms() {
  num_inner = num_normalized = 0;
  for (const std::vector<size_t>& level : seconds) {
    for (const size_t second : level) {
      batches[second].first_inner = num_inner;
      num_inner += batches[second].size();
    }
  }
  for (Node& node : nodes) {
    node.first_normalized = num_normalized;
    num_normalized += static_cast<int64_t>(node.normalized.size());
  }
}

}  // namespace pdarts::nn
