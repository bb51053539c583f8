#ifndef PDARTS_NN_KERNELS_POOLING_H_
#define PDARTS_NN_KERNELS_POOLING_H_

#include <cstdint>

#include "ATen/core/Tensor.h"
#include "pdarts/core/backend.h"

namespace pdarts::nn {

/// The maximum of 3x3 windows with padding 1 and stride 1 or 2. `[N,C,H,W]` in any memory format,
/// float32, float64 or bfloat16; with REFERENCE and GROUPED also float16. With FUSED, the result is
/// channels-last. The gradient goes to the first of equal values, as in LibTorch.
at::Tensor MaxPool3x3(const Backend& backend, const at::Tensor& x, int64_t stride);

/// The mean of the same windows. The padding is not counted.
at::Tensor AveragePool3x3(const Backend& backend, const at::Tensor& x, int64_t stride);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_POOLING_H_
