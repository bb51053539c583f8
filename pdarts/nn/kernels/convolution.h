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

/// convolution(relu(x)). With `batch_norm`: convolution(relu(batch_norm(x))). FUSED never stores
/// the intermediate values. Computes only the gradients that autograd needs.
///
/// x: `[N,C,H,W]` float32, float64 or bfloat16, with REFERENCE and GROUPED also float16, in any
/// memory format. The weights are float64 if x is float64, and otherwise float32. The result is
/// `[N,Co,H',W']` in the type of x, where H' = (H - 1) / stride + 1, and W' in the same way. A
/// factorized reduction has stride 2. With FUSED, the result is channels-last.
///
/// Dies if x does not have four dimensions. If other shapes or types do not fit, or if a side is
/// odd and the convolution is a factorized reduction, FUSED dies, and LibTorch's operators throw
/// c10::Error with REFERENCE and GROUPED. Throws c10::Error as CheckCanNormalize, and
/// CommunicationError if an all-reduce fails.
at::Tensor Convolve(const Backend& backend, const at::Tensor& x, const ReluConvolution& convolution,
                    const std::optional<BatchNormArgs>& batch_norm = std::nullopt);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_CONVOLUTION_H_
