#include "pdarts/nn/kernels/composition.h"

#include <tuple>

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
#include "pdarts/nn/kernels/activation_storage.h"
#include "torch/csrc/autograd/custom_function.h"

namespace pdarts::nn::composition {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Values inside the functions below are of the type that is computed with. Results of convolutions
// and pools are exact until what uses them rounds them.

at::Tensor OfChannels(const at::Tensor& x) { return x.view({1, -1, 1, 1}); }

/// The rounded values of x, less the mean of x and divided by its deviation: what is normalized is
/// what is stored, by statistics that were summed up before the rounding. The gradient too is
/// computed from what is stored.
class NormalizeRounded : public torch::autograd::Function<NormalizeRounded> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& rounded, const BatchNormArgs& bn) {
    const auto batch = at::native_batch_norm(x, /*weight=*/{}, /*bias=*/{},
                                             bn.update_statistics ? bn.running_mean : at::Tensor(),
                                             bn.update_statistics ? bn.running_var : at::Tensor(),
                                             /*training=*/true, bn.momentum, bn.eps);
    const at::Tensor &mean = std::get<1>(batch), &inverse_deviation = std::get<2>(batch);
    context->save_for_backward({rounded, mean, inverse_deviation});
    context->saved_data["eps"] = bn.eps;
    return (rounded - OfChannels(mean)) * OfChannels(inverse_deviation);
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

at::Tensor Normalize(const ActivationStorage& storage, const at::Tensor& x,
                     const BatchNormArgs& bn) {
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

at::Tensor ConvolveExactly(const ActivationStorage& storage, const at::Tensor& x,
                           const ReluConvolution& c,
                           const std::optional<BatchNormArgs>& batch_norm) {
  const at::Tensor positive =
      at::relu(batch_norm ? storage.WithRoundedGradient(Normalize(storage, x, *batch_norm)) : x);
  const auto convolve = [&](const at::Tensor& from, const at::Tensor& weight,
                            const at::Tensor& bias = {}, int64_t stride = 1, int64_t padding = 0,
                            int64_t dilation = 1) {
    return storage.WithRoundedGradient(at::conv2d(storage.Rounded(from), storage.Rounded(weight),
                                                  bias, stride, padding, dilation));
  };
  switch (c.kind) {
    case ConvolutionKind::kSeparable: {
      const int64_t padding = c.dilation * (c.depthwise.size(2) / 2);
      return convolve(at::conv2d(positive, c.depthwise, {}, c.stride, padding, c.dilation,
                                 /*groups=*/c.depthwise.size(0)),
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

at::Tensor MaxPoolExactly(const at::Tensor& x, int64_t stride) {
  return at::max_pool2d(x, 3, stride, 1);
}

at::Tensor AveragePoolExactly(const at::Tensor& x, int64_t stride) {
  return at::avg_pool2d(x, 3, stride, 1, /*ceil_mode=*/false, /*count_include_pad=*/false);
}

at::Tensor SumExactly(const ActivationStorage& storage, const std::vector<NodeTerm>& terms,
                      const at::Tensor& coefficients) {
  at::Tensor sum;
  for (size_t i = 0; i < terms.size(); ++i) {
    const NodeTerm& term = terms[i];
    at::Tensor value = term.batch_norm ? Normalize(storage, term.value, *term.batch_norm)
                                       : storage.Rounded(term.value);
    if (term.dropout_mask.defined()) {
      value = value * term.dropout_mask.to(value.options()).mul_(term.dropout_scale);
    }
    value = value * coefficients[static_cast<int64_t>(i)];
    sum = sum.defined() ? sum + value : value;
  }
  return sum;
}

}  // namespace

at::Tensor BatchNorm(const at::Tensor& x, const BatchNormArgs& bn) {
  const ActivationStorage storage(x);
  return storage.Narrow(Normalize(storage, storage.Widen(x), bn));
}

at::Tensor Convolve(const at::Tensor& x, const ReluConvolution& c,
                    const std::optional<BatchNormArgs>& batch_norm) {
  const ActivationStorage storage(x);
  return storage.Narrow(ConvolveExactly(storage, storage.Widen(x), c, batch_norm));
}

at::Tensor MaxPool3x3(const at::Tensor& x, int64_t stride) {
  const ActivationStorage storage(x);
  return storage.Narrow(MaxPoolExactly(storage.Widen(x), stride));
}

at::Tensor AveragePool3x3(const at::Tensor& x, int64_t stride) {
  const ActivationStorage storage(x);
  return storage.Narrow(AveragePoolExactly(storage.Widen(x), stride));
}

at::Tensor NodeSum(const std::vector<NodeTerm>& terms, const at::Tensor& coefficients) {
  const ActivationStorage storage(terms.at(0).value);
  std::vector<NodeTerm> wide = terms;
  for (NodeTerm& term : wide) term.value = storage.Widen(term.value);
  return storage.Narrow(SumExactly(storage, wide, coefficients));
}

at::Tensor MixedCell(const MixedCellArgs& cell, const std::vector<at::Tensor>& inputs,
                     const at::Tensor& coefficients) {
  const ActivationStorage storage(inputs.at(0));
  std::vector<at::Tensor> nodes;
  for (const at::Tensor& input : inputs) nodes.push_back(storage.Widen(input));
  for (int node = cell.num_inputs; node < cell.num_nodes; ++node) {
    at::Tensor sum;
    for (const CellEdge& edge : cell.edges) {
      if (edge.to != node) continue;
      for (const CellOperation& operation : edge.operations) {
        NodeTerm term;
        term.value = nodes[edge.from];
        term.batch_norm = operation.batch_norm;
        term.dropout_mask = operation.dropout_mask;
        term.dropout_scale = operation.dropout_scale;
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
            for (const CellOperation::ReluConvBn& round : operation.chain) {
              term.value = ConvolveExactly(storage, term.value, round.convolution, term.batch_norm);
              term.batch_norm = round.batch_norm;
            }
            break;
        }
        at::Tensor value =
            SumExactly(storage, {term},
                       coefficients.slice(0, operation.coefficient, operation.coefficient + 1));
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
  }
  std::vector<at::Tensor> outputs;
  for (const int node : cell.output_nodes) outputs.push_back(nodes[node]);
  return storage.Narrow(at::cat(outputs, 1));
}

}  // namespace pdarts::nn::composition
