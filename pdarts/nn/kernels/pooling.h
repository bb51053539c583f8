#ifndef PDARTS_NN_KERNELS_POOLING_H_
#define PDARTS_NN_KERNELS_POOLING_H_

#include <cstdint>

#include "ATen/core/Tensor.h"
#include "pdarts/core/backend.h"

namespace pdarts::nn {

/// 3x3, padding 1, stride 1 or 2. `[N,C,H,W]`, float32 or float64, in any memory format; with FUSED
/// the result is channels-last. The gradient goes to the first of equal values, as in LibTorch.
at::Tensor MaxPool3x3(const Backend& backend, const at::Tensor& x, int64_t stride);

/// The same for means; the padding is not counted.
at::Tensor AveragePool3x3(const Backend& backend, const at::Tensor& x, int64_t stride);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_POOLING_H_
