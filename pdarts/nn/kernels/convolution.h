#ifndef PDARTS_NN_KERNELS_CONVOLUTION_H_
#define PDARTS_NN_KERNELS_CONVOLUTION_H_

#include <cstdint>
#include <optional>

#include "ATen/core/Tensor.h"
#include "pdarts/core/backend.h"
#include "pdarts/nn/kernels/batch_norm_args.h"

namespace pdarts::nn {

enum class ConvolutionKind {
  /// Depthwise kxk, then 1x1.
  kSeparable,
  /// 1x1, stride 1.
  kPointwise,
  /// Two 1x1 of stride 2, the second on the image shifted by one row and one column; each makes
  /// half of the channels.
  kFactorizedReduce,
  /// Dense kxk, stride 1.
  kDense,
};

/// A ReLU and the convolutions behind it, up to the next batch normalisation. Padding is
/// dilation * (k / 2) throughout.
struct ReluConvolution {
  ConvolutionKind kind = ConvolutionKind::kSeparable;
  int64_t stride = 1;
  int64_t dilation = 1;
  /// `[C,1,k,k]`, k 3 or 5; kSeparable only.
  at::Tensor depthwise;
  /// kSeparable, kPointwise `[Co,C,1,1]`; kFactorizedReduce `[Co/2,C,1,1]`, for the pixels (2y,
  /// 2x); kDense `[Co,C,k,k]`, k 3 or 5.
  at::Tensor weight;
  /// `[Co/2,C,1,1]`, for the pixels (2y + 1, 2x + 1); kFactorizedReduce only.
  at::Tensor second_weight;
  /// `[Co]` or undefined; kPointwise and kDense only.
  at::Tensor bias;
};

// The functions below take tensors of float32 or float64, in any memory format; with FUSED they
// give channels-last results. Of the gradients, only those that autograd asks for are computed.
// They die if shapes or dtypes don't fit.

/// convolution(relu(x)); with `batch_norm` convolution(relu(batch_norm(x))), whose inner values are
/// never stored. x: `[N,C,H,W]`. Dies if a factorized reduction's sides are odd.
at::Tensor Convolve(const Backend& backend, const at::Tensor& x, const ReluConvolution& convolution,
                    const std::optional<BatchNormArgs>& batch_norm = std::nullopt);

/// Convolve with pointwise(depthwise(relu(x))).
/// depthwise: `[C,1,k,k]`, k 3 or 5; pointwise: `[Co,C,1,1]`; stride and dilation 1 or 2.
at::Tensor ReluDepthwisePointwise(const Backend& backend, const at::Tensor& x,
                                  const at::Tensor& depthwise, const at::Tensor& pointwise,
                                  int64_t stride, int64_t dilation);

/// The same behind a batch normalisation: the second round of a separable convolution.
at::Tensor BatchNormReluDepthwisePointwise(const Backend& backend, const at::Tensor& x,
                                           const BatchNormArgs& batch_norm,
                                           const at::Tensor& depthwise, const at::Tensor& pointwise,
                                           int64_t stride, int64_t dilation);

/// Convolve with a 1x1 convolution; weight: `[Co,C,1,1]`.
at::Tensor ReluPointwise(const Backend& backend, const at::Tensor& x, const at::Tensor& weight);

/// Convolve with the two 1x1 convolutions of stride 2 of a factorized reduction, concatenated.
/// first, second: `[Co/2,C,1,1]`.
at::Tensor ReluFactorizedReduce(const Backend& backend, const at::Tensor& x,
                                const at::Tensor& first, const at::Tensor& second);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_CONVOLUTION_H_
