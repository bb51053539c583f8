#ifndef PDARTS_NN_KERNELS_POOLING_H_
#define PDARTS_NN_KERNELS_POOLING_H_

#include <cstdint>

#include "ATen/core/Tensor.h"
#include "pdarts/core/backend.h"

namespace pdarts::nn {

/// The maximum of 3x3 windows with padding 1 and stride 1 or 2. x: `[N,C,H,W]` in any memory
/// format, float32, float64 or bfloat16; with REFERENCE and GROUPED also float16. The result is
/// `[N,C,(H - 1) / stride + 1,(W - 1) / stride + 1]` in the type of x. With FUSED, it is
/// channels-last. The gradient goes to the first of equal values, as in LibTorch.
///
/// FUSED dies if the stride is not 1 or 2, if x does not have four dimensions, or if its type does
/// not fit. REFERENCE and GROUPED compute every stride above 0, and throw c10::Error otherwise.
at::Tensor MaxPool3x3(const Backend& backend, const at::Tensor& x, int64_t stride);

/// The mean of the same windows. The padding is not counted. Shapes, types and errors as for
/// MaxPool3x3.
at::Tensor AveragePool3x3(const Backend& backend, const at::Tensor& x, int64_t stride);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_POOLING_H_
