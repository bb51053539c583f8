#ifndef PDARTS_NN_KERNELS_TEST_CONVOLUTIONS_H_
#define PDARTS_NN_KERNELS_TEST_CONVOLUTIONS_H_

// Descriptions of convolutions for tests and benchmarks, which have the weights as single tensors.

#include <cstdint>

#include "ATen/core/Tensor.h"
#include "pdarts/nn/kernels/convolution.h"

namespace pdarts::nn {

/// depthwise: `[C,1,k,k]`, k 3 or 5; pointwise: `[Co,C,1,1]`; stride and dilation are 1 or 2.
inline ReluConvolution SeparableConvolution(const at::Tensor& depthwise,
                                            const at::Tensor& pointwise, int64_t stride = 1,
                                            int64_t dilation = 1) {
  ReluConvolution convolution;
  convolution.stride = stride;
  convolution.dilation = dilation;
  convolution.depthwise = depthwise;
  convolution.weight = pointwise;
  return convolution;
}

/// weight: `[Co,C,1,1]`; bias: `[Co]` or undefined.
inline ReluConvolution PointwiseConvolution(const at::Tensor& weight, const at::Tensor& bias = {}) {
  ReluConvolution convolution;
  convolution.kind = ConvolutionKind::kPointwise;
  convolution.weight = weight;
  convolution.bias = bias;
  return convolution;
}

/// first, second: `[Co/2,C,1,1]`.
inline ReluConvolution FactorizedReduction(const at::Tensor& first, const at::Tensor& second) {
  ReluConvolution convolution;
  convolution.kind = ConvolutionKind::kFactorizedReduce;
  convolution.stride = 2;
  convolution.weight = first;
  convolution.second_weight = second;
  return convolution;
}

/// weight: `[Co,C,k,k]`, k 3 or 5; bias: `[Co]` or undefined; dilation is 1 or 2.
inline ReluConvolution DenseConvolution(const at::Tensor& weight, const at::Tensor& bias = {},
                                        int64_t dilation = 1) {
  ReluConvolution convolution;
  convolution.kind = ConvolutionKind::kDense;
  convolution.dilation = dilation;
  convolution.weight = weight;
  convolution.bias = bias;
  return convolution;
}

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_TEST_CONVOLUTIONS_H_
