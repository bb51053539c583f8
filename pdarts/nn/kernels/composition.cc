#include "pdarts/nn/kernels/composition.h"

#include <tuple>
#include <utility>

#include "ATen/TensorOperators.h"
#include "ATen/ops/avg_pool2d.h"
#include "ATen/ops/batch_norm.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/conv2d.h"
#include "ATen/ops/max_pool2d.h"
#include "ATen/ops/native_batch_norm.h"
#include "ATen/ops/native_batch_norm_backward.h"
#include "ATen/ops/relu.h"
#include "ATen/ops/zeros.h"
#include "glog/logging.h"
#include "pdarts/core/kernel_use.h"
#include "pdarts/nn/kernels/activation_storage.h"
#include "pdarts/nn/kernels/synchronized_norm.h"
#include "torch/csrc/autograd/custom_function.h"

namespace pdarts::nn::composition {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Batch normalizations alone are not recorded, because layers use them beside the fused kernels
/// too.
KernelUse reference_use("reference");

// Values inside the following functions have the type of the computation. Results of convolutions
// and pools are exact until the code that uses them rounds them.

at::Tensor OfChannels(const at::Tensor& x) { return x.view({1, -1, 1, 1}); }

/// The rounded values of x, minus the mean of x and divided by its standard deviation. The stored
/// values are normalized by statistics from before the rounding. The gradient is computed from the
/// stored values too.
class NormalizeRounded : public torch::autograd::Function<NormalizeRounded> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& rounded, const BatchNormArgs& bn) {
    const auto batch = at::native_batch_norm(x, /*weight=*/{}, /*bias=*/{},
                                             bn.update_statistics ? bn.running_mean : at::Tensor(),
                                             bn.update_statistics ? bn.running_var : at::Tensor(),
                                             /*training=*/true, bn.momentum, bn.eps);
    const at::Tensor &mean = std::get<1>(batch), &inverse_standard_deviation = std::get<2>(batch);
    context->save_for_backward({rounded, mean, inverse_standard_deviation});
    context->saved_data["eps"] = bn.eps;
    return (rounded - OfChannels(mean)) * OfChannels(inverse_standard_deviation);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const auto back = at::native_batch_norm_backward(
        gradients[0], saved[0], /*weight=*/{}, /*running_mean=*/{}, /*running_var=*/{},
        /*save_mean=*/saved[1], /*save_invstd=*/saved[2], /*train=*/true,
        context->saved_data["eps"].toDouble(), {true, false, false});
    return {std::get<0>(back), at::Tensor(), at::Tensor()};
  }
};

/// Normalize for values whose batch normalizations compute their statistics over several processes.
std::vector<at::Tensor> NormalizeTogether(const ActivationStorage& storage,
                                          const std::vector<at::Tensor>& values,
                                          const std::vector<BatchNormArgs>& batch_norms) {
  // Sums over the processes are not computed in 16 bits.
  std::vector<at::Tensor> wide, stored;
  for (const at::Tensor& value : values) {
    wide.push_back(storage.computes_narrow() ? storage.ForSum(value) : value);
    stored.push_back(storage.computes_narrow() ? wide.back().detach()
                                               : storage.Rounded(value.detach()));
  }
  std::vector<at::Tensor> normalized = SynchronizedNormalize(wide, stored, batch_norms);
  for (size_t i = 0; i < values.size(); ++i) {
    const BatchNormArgs& bn = batch_norms[i];
    if (bn.weight.defined()) {
      normalized[i] = normalized[i] * OfChannels(bn.weight) + OfChannels(bn.bias);
    }
    if (storage.computes_narrow()) normalized[i] = storage.Narrow(normalized[i]);
  }
  return normalized;
}

at::Tensor Normalize(const ActivationStorage& storage, const at::Tensor& x,
                     const BatchNormArgs& bn) {
  if (IsSynchronized(bn)) return NormalizeTogether(storage, {x}, {bn})[0];
  CheckCanNormalize(bn.training, x.numel() / x.size(1), x.size(1));
  if (bn.training && storage.rounds()) {
    const at::Tensor y = NormalizeRounded::apply(x, storage.Rounded(x.detach()), bn);
    return bn.weight.defined() ? y * OfChannels(bn.weight) + OfChannels(bn.bias) : y;
  }
  const bool with_running = !bn.training || bn.update_statistics;
  return at::batch_norm(storage.Rounded(x), bn.weight, bn.bias,
                        with_running ? bn.running_mean : at::Tensor(),
                        with_running ? bn.running_var : at::Tensor(), bn.training, bn.momentum,
                        bn.eps, /*cudnn_enabled=*/true);
}

/// x: already normalized.
at::Tensor ConvolveExactly(const ActivationStorage& storage, const at::Tensor& x,
                           const ReluConvolution& c) {
  const at::Tensor positive = at::relu(x);
  const auto convolve = [&](const at::Tensor& from, const at::Tensor& weight,
                            const at::Tensor& bias = {}, int64_t stride = 1, int64_t padding = 0,
                            int64_t dilation = 1) {
    return storage.WithRoundedGradient(at::conv2d(storage.Rounded(from), storage.Rounded(weight),
                                                  storage.Operand(bias), stride, padding,
                                                  dilation));
  };
  switch (c.kind) {
    case ConvolutionKind::kSeparable: {
      const int64_t padding = c.dilation * (c.depthwise.size(2) / 2);
      return convolve(at::conv2d(positive, storage.Operand(c.depthwise), {}, c.stride, padding,
                                 c.dilation, /*groups=*/c.depthwise.size(0)),
                      c.weight);
    }
    case ConvolutionKind::kPointwise:
      return convolve(positive, c.weight, c.bias);
    case ConvolutionKind::kFactorizedReduce:
      return at::cat({convolve(positive, c.weight, {}, 2),
                      convolve(positive.slice(2, 1).slice(3, 1), c.second_weight, {}, 2)},
                     1);
    case ConvolutionKind::kDense:
      return convolve(positive, c.weight, c.bias, 1, c.dilation * (c.weight.size(2) / 2),
                      c.dilation);
  }
  LOG(FATAL) << "no convolution " << static_cast<int>(c.kind);
}

at::Tensor ConvolveExactly(const ActivationStorage& storage, const at::Tensor& x,
                           const ReluConvolution& c,
                           const std::optional<BatchNormArgs>& batch_norm) {
  return ConvolveExactly(
      storage, batch_norm ? storage.WithRoundedGradient(Normalize(storage, x, *batch_norm)) : x, c);
}

at::Tensor MaxPoolExactly(const at::Tensor& x, int64_t stride) {
  return at::max_pool2d(x, 3, stride, 1);
}

at::Tensor AveragePoolExactly(const at::Tensor& x, int64_t stride) {
  return at::avg_pool2d(x, 3, stride, 1, /*ceil_mode=*/false, /*count_include_pad=*/false);
}

/// Applies the dropout and the coefficient of a term to its value, in the type of sums. value:
/// normalized, or rounded.
at::Tensor Weigh(const ActivationStorage& storage, const NodeTerm& term, at::Tensor value,
                 const at::Tensor& coefficient) {
  value = storage.ForSum(value);
  if (term.device_dropout) {
    value = DropElements(value, term.device_dropout->rate, term.device_dropout->masks,
                         DropoutScale::kOfCell);
  }
  if (term.dropout_mask.defined()) {
    value = value * term.dropout_mask.to(value.options()).mul_(term.dropout_scale);
  }
  return value * coefficient;
}

at::Tensor NormalizedOrRounded(const ActivationStorage& storage, const NodeTerm& term) {
  return term.batch_norm ? Normalize(storage, term.value, *term.batch_norm)
                         : storage.Rounded(term.value);
}

at::Tensor SumExactly(const ActivationStorage& storage, const std::vector<NodeTerm>& terms,
                      const at::Tensor& coefficients) {
  // All terms that are normalized over several processes share one all-reduce.
  std::vector<at::Tensor> values;
  std::vector<BatchNormArgs> batch_norms;
  for (const NodeTerm& term : terms) {
    if (!term.batch_norm || !IsSynchronized(*term.batch_norm)) continue;
    values.push_back(term.value);
    batch_norms.push_back(*term.batch_norm);
  }
  std::vector<at::Tensor> together;
  if (!values.empty()) together = NormalizeTogether(storage, values, batch_norms);
  auto next = together.begin();
  at::Tensor sum;
  for (size_t i = 0; i < terms.size(); ++i) {
    const NodeTerm& term = terms[i];
    const bool is_together = term.batch_norm && IsSynchronized(*term.batch_norm);
    const at::Tensor value =
        Weigh(storage, term, is_together ? *next++ : NormalizedOrRounded(storage, term),
              coefficients[static_cast<int64_t>(i)]);
    sum = sum.defined() ? sum + value : value;
  }
  return sum;
}

/// The value of an operation before its last batch normalization, with the normalization.
NodeTerm TermOf(const ActivationStorage& storage, const CellOperation& operation,
                const at::Tensor& source) {
  NodeTerm term;
  term.value = source;
  term.batch_norm = operation.batch_norm;
  term.dropout_mask = operation.dropout_mask;
  term.dropout_scale = operation.dropout_scale;
  term.device_dropout = operation.device_dropout;
  switch (operation.kind) {
    case CellOperation::Kind::kIdentity:
      break;
    case CellOperation::Kind::kMaxPool:
      term.value = MaxPoolExactly(term.value, operation.stride);
      break;
    case CellOperation::Kind::kAveragePool:
      term.value = AveragePoolExactly(term.value, operation.stride);
      break;
    case CellOperation::Kind::kConvolution:
      for (const CellOperation::ReluConvBn& relu_conv_bn : operation.chain) {
        term.value =
            ConvolveExactly(storage, term.value, relu_conv_bn.convolution, term.batch_norm);
        term.batch_norm = relu_conv_bn.batch_norm;
      }
      break;
  }
  return term;
}

/// An operation of a cell: [edge, index among the operations of the edge].
using OperationPlace = std::pair<size_t, size_t>;

/// The results of TermOf for the operations on some nodes. Values that can be normalized at the
/// same time are normalized together: first the first batch normalizations of all operations, and
/// then the second ones. The terms have no batch normalization left.
std::vector<NodeTerm> TermsTogether(const ActivationStorage& storage, const MixedCellArgs& cell,
                                    const std::vector<OperationPlace>& places,
                                    const std::vector<at::Tensor>& nodes) {
  const auto operation = [&](size_t i) -> const CellOperation& {
    return cell.edges[places[i].first].operations[places[i].second];
  };
  // Computes the operations up to their first batch normalization.
  std::vector<NodeTerm> terms;
  for (size_t i = 0; i < places.size(); ++i) {
    CellOperation first = operation(i);
    if (first.chain.size() > 1) first.chain.resize(1);
    terms.push_back(TermOf(storage, first, nodes[cell.edges[places[i].first].from]));
  }
  // next: the place in the chains of the ReLU-conv-BNs behind the batch normalizations.
  for (size_t next = 1;; ++next) {
    std::vector<size_t> normalizing;
    std::vector<at::Tensor> values;
    std::vector<BatchNormArgs> batch_norms;
    for (size_t i = 0; i < terms.size(); ++i) {
      if (!terms[i].batch_norm) continue;
      normalizing.push_back(i);
      values.push_back(terms[i].value);
      batch_norms.push_back(*terms[i].batch_norm);
    }
    if (normalizing.empty()) break;
    values = NormalizeTogether(storage, values, batch_norms);
    for (size_t k = 0; k < normalizing.size(); ++k) {
      NodeTerm& term = terms[normalizing[k]];
      const std::vector<CellOperation::ReluConvBn>& chain = operation(normalizing[k]).chain;
      term.value = values[k];
      term.batch_norm.reset();
      if (next >= chain.size()) continue;
      term.value = ConvolveExactly(storage, storage.WithRoundedGradient(term.value),
                                   chain[next].convolution);
      term.batch_norm = chain[next].batch_norm;
    }
  }
  return terms;
}

/// Whether the batch normalizations of a cell compute their statistics over several processes.
bool IsSynchronizedCell(const MixedCellArgs& cell) {
  for (const CellEdge& edge : cell.edges) {
    for (const CellOperation& operation : edge.operations) {
      if (operation.batch_norm) return IsSynchronized(*operation.batch_norm);
      if (!operation.chain.empty()) return IsSynchronized(operation.chain[0].batch_norm);
    }
  }
  return false;
}

}  // namespace

at::Tensor BatchNorm(const at::Tensor& x, const BatchNormArgs& bn) {
  const ActivationStorage storage(x);
  return storage.Narrow(Normalize(storage, storage.Widen(x), bn));
}

std::vector<at::Tensor> BatchNormEach(const std::vector<at::Tensor>& values,
                                      const std::vector<BatchNormArgs>& batch_norms) {
  const ActivationStorage storage(values.at(0));
  std::vector<at::Tensor> wide;
  for (const at::Tensor& value : values) wide.push_back(storage.Widen(value));
  std::vector<at::Tensor> normalized = NormalizeTogether(storage, wide, batch_norms);
  for (at::Tensor& value : normalized) value = storage.Narrow(value);
  return normalized;
}

at::Tensor Convolve(const at::Tensor& x, const ReluConvolution& c,
                    const std::optional<BatchNormArgs>& batch_norm) {
  reference_use.Note(x.device().type());
  const ActivationStorage storage(x);
  return storage.Narrow(ConvolveExactly(storage, storage.Widen(x), c, batch_norm));
}

at::Tensor MaxPool3x3(const at::Tensor& x, int64_t stride) {
  reference_use.Note(x.device().type());
  const ActivationStorage storage(x);
  return storage.Narrow(MaxPoolExactly(storage.Widen(x), stride));
}

at::Tensor AveragePool3x3(const at::Tensor& x, int64_t stride) {
  reference_use.Note(x.device().type());
  const ActivationStorage storage(x);
  return storage.Narrow(AveragePoolExactly(storage.Widen(x), stride));
}

at::Tensor NodeSum(const std::vector<NodeTerm>& terms, const at::Tensor& coefficients) {
  reference_use.Note(terms.at(0).value.device().type());
  const ActivationStorage storage(terms.at(0).value);
  std::vector<NodeTerm> wide = terms;
  for (NodeTerm& term : wide) term.value = storage.Widen(term.value);
  return storage.Narrow(SumExactly(storage, wide, coefficients));
}

at::Tensor MixedCell(const MixedCellArgs& cell, const std::vector<at::Tensor>& inputs,
                     const at::Tensor& coefficients) {
  reference_use.Note(inputs.at(0).device().type());
  const ActivationStorage storage(inputs.at(0));
  std::vector<at::Tensor> nodes;
  for (const at::Tensor& input : inputs) nodes.push_back(storage.Widen(input));
  // The terms of the operations on the known nodes; empty if each operation is normalized
  // separately.
  std::vector<std::vector<NodeTerm>> together(cell.edges.size());
  const bool is_synchronized = IsSynchronizedCell(cell);
  const auto compute_together = [&](int first_node) {
    std::vector<OperationPlace> places;
    for (size_t e = 0; e < cell.edges.size(); ++e) {
      const int from = cell.edges[e].from;
      if (from < first_node || from >= static_cast<int>(nodes.size())) continue;
      for (size_t k = 0; k < cell.edges[e].operations.size(); ++k) places.emplace_back(e, k);
    }
    std::vector<NodeTerm> terms = TermsTogether(storage, cell, places, nodes);
    for (size_t i = 0; i < places.size(); ++i) {
      together[places[i].first].push_back(std::move(terms[i]));
    }
  };
  if (is_synchronized) compute_together(/*first_node=*/0);
  for (int node = cell.num_inputs; node < cell.num_nodes; ++node) {
    at::Tensor sum;
    for (size_t e = 0; e < cell.edges.size(); ++e) {
      const CellEdge& edge = cell.edges[e];
      if (edge.to != node) continue;
      for (size_t k = 0; k < edge.operations.size(); ++k) {
        const CellOperation& operation = edge.operations[k];
        // A normalized term has the type of the computation, and is not rounded again.
        const bool is_normalized = is_synchronized &&
                                   operation.kind != CellOperation::Kind::kIdentity &&
                                   (operation.batch_norm || !operation.chain.empty());
        const NodeTerm term =
            is_synchronized ? together[e][k] : TermOf(storage, operation, nodes[edge.from]);
        const at::Tensor coefficient =
            coefficients.slice(0, operation.coefficient, operation.coefficient + 1);
        at::Tensor value = is_normalized ? Weigh(storage, term, term.value, coefficient[0])
                                         : SumExactly(storage, {term}, coefficient);
        if (edge.image_scale.defined()) {
          value = value * edge.image_scale.to(value.options()).view({-1, 1, 1, 1});
        }
        sum = sum.defined() ? sum + value : value;
      }
    }
    if (!sum.defined()) {
      sum = at::zeros({inputs[0].size(0), cell.channels, cell.height, cell.width},
                      nodes[0].options());
    }
    CHECK(sum.size(1) == cell.channels && sum.size(2) == cell.height && sum.size(3) == cell.width)
        << "node " << node << " of a cell is " << sum.sizes() << ", not [N," << cell.channels << ","
        << cell.height << "," << cell.width << "]";
    nodes.push_back(storage.Keep(sum));
    if (is_synchronized) compute_together(/*first_node=*/node);
  }
  std::vector<at::Tensor> outputs;
  for (const int node : cell.output_nodes) outputs.push_back(nodes[node]);
  return storage.Narrow(at::cat(outputs, 1));
}

}  // namespace pdarts::nn::composition
