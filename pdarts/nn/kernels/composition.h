#ifndef PDARTS_NN_KERNELS_COMPOSITION_H_
#define PDARTS_NN_KERNELS_COMPOSITION_H_

#include <optional>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/nn/kernels/batch_norm_args.h"
#include "pdarts/nn/kernels/convolution.h"
#include "pdarts/nn/kernels/mixed_cell.h"
#include "pdarts/nn/kernels/node_sum.h"

/// The fused operations as compositions of LibTorch's, differentiated by autograd: what REFERENCE
/// backends compute, and the oracle of the tests.
namespace pdarts::nn::composition {

at::Tensor BatchNorm(const at::Tensor& x, const BatchNormArgs& batch_norm);
at::Tensor Convolve(const at::Tensor& x, const ReluConvolution& convolution,
                    const std::optional<BatchNormArgs>& batch_norm);
at::Tensor MaxPool3x3(const at::Tensor& x, int64_t stride);
at::Tensor AveragePool3x3(const at::Tensor& x, int64_t stride);
at::Tensor NodeSum(const std::vector<NodeTerm>& terms, const at::Tensor& coefficients);
at::Tensor MixedCell(const MixedCellArgs& cell, const std::vector<at::Tensor>& inputs,
                     const at::Tensor& coefficients);

}  // namespace pdarts::nn::composition

#endif  // PDARTS_NN_KERNELS_COMPOSITION_H_
