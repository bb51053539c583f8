#include "pdarts/nn/kernels/composition.h"

#include "ATen/TensorOperators.h"
#include "ATen/ops/avg_pool2d.h"
#include "ATen/ops/batch_norm.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/conv2d.h"
#include "ATen/ops/max_pool2d.h"
#include "ATen/ops/relu.h"
#include "ATen/ops/zeros.h"
#include "glog/logging.h"

namespace pdarts::nn::composition {

at::Tensor BatchNorm(const at::Tensor& x, const BatchNormArgs& bn) {
  CheckCanNormalize(bn.training, x.numel() / x.size(1), x.size(1));
  const bool with_running = !bn.training || bn.update_statistics;
  return at::batch_norm(x, bn.weight, bn.bias, with_running ? bn.running_mean : at::Tensor(),
                        with_running ? bn.running_var : at::Tensor(), bn.training, bn.momentum,
                        bn.eps, /*cudnn_enabled=*/true);
}

at::Tensor Convolve(const at::Tensor& x, const ReluConvolution& c,
                    const std::optional<BatchNormArgs>& batch_norm) {
  const at::Tensor positive = at::relu(batch_norm ? BatchNorm(x, *batch_norm) : x);
  switch (c.kind) {
    case ConvolutionKind::kSeparable: {
      const int64_t padding = c.dilation * (c.depthwise.size(2) / 2);
      return at::conv2d(at::conv2d(positive, c.depthwise, {}, c.stride, padding, c.dilation,
                                   /*groups=*/c.depthwise.size(0)),
                        c.weight);
    }
    case ConvolutionKind::kPointwise:
      return at::conv2d(positive, c.weight, c.bias);
    case ConvolutionKind::kFactorizedReduce:
      return at::cat({at::conv2d(positive, c.weight, {}, 2),
                      at::conv2d(positive.slice(2, 1).slice(3, 1), c.second_weight, {}, 2)},
                     1);
    case ConvolutionKind::kDense:
      return at::conv2d(positive, c.weight, c.bias, 1, c.dilation * (c.weight.size(2) / 2),
                        c.dilation);
  }
  LOG(FATAL) << "no convolution " << static_cast<int>(c.kind);
}

at::Tensor MaxPool3x3(const at::Tensor& x, int64_t stride) {
  return at::max_pool2d(x, 3, stride, 1);
}

at::Tensor AveragePool3x3(const at::Tensor& x, int64_t stride) {
  return at::avg_pool2d(x, 3, stride, 1, /*ceil_mode=*/false, /*count_include_pad=*/false);
}

at::Tensor NodeSum(const std::vector<NodeTerm>& terms, const at::Tensor& coefficients) {
  at::Tensor sum;
  for (size_t i = 0; i < terms.size(); ++i) {
    const NodeTerm& term = terms[i];
    at::Tensor value = term.batch_norm ? BatchNorm(term.raw, *term.batch_norm) : term.raw;
    if (term.dropout_mask.defined()) {
      value = value * term.dropout_mask.to(value.options()).mul_(term.dropout_scale);
    }
    value = value * coefficients[static_cast<int64_t>(i)];
    sum = sum.defined() ? sum + value : value;
  }
  return sum;
}

at::Tensor MixedCell(const MixedCellArgs& cell, const std::vector<at::Tensor>& inputs,
                     const at::Tensor& coefficients) {
  std::vector<at::Tensor> nodes = inputs;
  for (int node = cell.num_inputs; node < cell.num_nodes; ++node) {
    at::Tensor sum;
    for (const CellEdge& edge : cell.edges) {
      if (edge.to != node) continue;
      for (const CellOperation& operation : edge.operations) {
        NodeTerm term;
        term.raw = nodes[edge.from];
        term.batch_norm = operation.batch_norm;
        term.dropout_mask = operation.dropout_mask;
        term.dropout_scale = operation.dropout_scale;
        switch (operation.kind) {
          case CellOperation::Kind::kIdentity:
            break;
          case CellOperation::Kind::kMaxPool:
            term.raw = composition::MaxPool3x3(term.raw, operation.stride);
            break;
          case CellOperation::Kind::kAveragePool:
            term.raw = composition::AveragePool3x3(term.raw, operation.stride);
            break;
          case CellOperation::Kind::kConvolution:
            for (const CellOperation::Round& round : operation.rounds) {
              term.raw = composition::Convolve(term.raw, round.convolution, term.batch_norm);
              term.batch_norm = round.batch_norm;
            }
            break;
        }
        at::Tensor value = composition::NodeSum(
            {term}, coefficients.slice(0, operation.coefficient, operation.coefficient + 1));
        if (edge.image_scale.defined()) {
          value = value * edge.image_scale.to(value.options()).view({-1, 1, 1, 1});
        }
        sum = sum.defined() ? sum + value : value;
      }
    }
    if (!sum.defined()) {
      sum = at::zeros({inputs[0].size(0), cell.channels, cell.height, cell.width},
                      inputs[0].options());
    }
    CHECK(sum.size(1) == cell.channels && sum.size(2) == cell.height && sum.size(3) == cell.width)
        << "node " << node << " of a cell is " << sum.sizes() << ", not [N," << cell.channels << ","
        << cell.height << "," << cell.width << "]";
    nodes.push_back(sum);
  }
  std::vector<at::Tensor> outputs;
  for (const int node : cell.output_nodes) outputs.push_back(nodes[node]);
  return at::cat(outputs, 1);
}

}  // namespace pdarts::nn::composition
