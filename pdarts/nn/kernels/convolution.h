#ifndef PDARTS_NN_KERNELS_CONVOLUTION_H_
#define PDARTS_NN_KERNELS_CONVOLUTION_H_

#include <cstdint>
#include <optional>

#include "ATen/core/Tensor.h"
#include "pdarts/core/backend.h"
#include "pdarts/nn/kernels/batch_norm_args.h"

namespace pdarts::nn {

enum class ConvolutionKind {
  /// Depthwise kxk, and then 1x1.
  kSeparable,
  /// 1x1, stride 1.
  kPointwise,
  /// Two 1x1 convolutions of stride 2. The second one reads the image shifted by one row and one
  /// column. Each gives half of the channels.
  kFactorizedReduce,
  /// Dense kxk, stride 1.
  kDense,
};

/// A ReLU and the convolutions behind it, up to the next batch normalization. The padding is always
/// dilation * (k / 2).
struct ReluConvolution {
  ConvolutionKind kind = ConvolutionKind::kSeparable;
  int64_t stride = 1;
  int64_t dilation = 1;
  /// `[C,1,k,k]`, k 3 or 5; kSeparable only.
  at::Tensor depthwise;
  /// kSeparable, kPointwise: `[Co,C,1,1]`; kFactorizedReduce: `[Co/2,C,1,1]`, for the pixels (2y,
  /// 2x); kDense: `[Co,C,k,k]`, k 3 or 5.
  at::Tensor weight;
  /// `[Co/2,C,1,1]`, for the pixels (2y + 1, 2x + 1); only kFactorizedReduce.
  at::Tensor second_weight;
  /// `[Co]` or undefined; only kPointwise and kDense.
  at::Tensor bias;
};

// The following functions take activations of float32, float64 or bfloat16, and with REFERENCE and
// GROUPED also float16, in any memory format. With FUSED, their results are channels-last. They
// compute only the gradients that autograd needs. They die if shapes or types do not fit.

/// convolution(relu(x)). With `batch_norm`: convolution(relu(batch_norm(x))), whose intermediate
/// values are never stored. x: `[N,C,H,W]`. Dies if a side is odd and the convolution is a
/// factorized reduction.
at::Tensor Convolve(const Backend& backend, const at::Tensor& x, const ReluConvolution& convolution,
                    const std::optional<BatchNormArgs>& batch_norm = std::nullopt);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_CONVOLUTION_H_
