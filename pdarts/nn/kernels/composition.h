#ifndef PDARTS_NN_KERNELS_COMPOSITION_H_
#define PDARTS_NN_KERNELS_COMPOSITION_H_

#include <optional>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/nn/kernels/batch_norm_args.h"
#include "pdarts/nn/kernels/convolution.h"
#include "pdarts/nn/kernels/mixed_cell.h"
#include "pdarts/nn/kernels/node_sum.h"

/// The reference kernels: the fused operations as compositions of LibTorch's operators,
/// differentiated by autograd. The tests compare the other kernels with them.
///
/// Activations are float32, float64, bfloat16 or float16; results have the type of the activations.
/// With 16 bits, everything else (weights, coefficients, statistics) is float32. On the CPU with
/// bfloat16, the functions round at the same places as the fused kernels, to the nearest bfloat16
/// with ties to even:
/// - Values: pre-normalization values, the results of pools, the sums of nodes, and the results of
///   functions.
/// - Operands of pointwise, dense and factorized-reduction convolutions: a copy of the weight, and
///   the input behind the ReLU (or the result of the depthwise convolution, if there is one).
///   Depthwise convolutions multiply float32 values.
/// - Gradients: of inputs and nodes, after the sum over all their uses; of a normalized value
///   between two ReLU-conv-BNs; of the results of pointwise, dense and factorized-reduction
///   convolutions, as operands of the backward products.
/// Everything else is float32: sums, products, the gradients of weights, biases and coefficients,
/// and the statistics of a batch normalization. In MixedCell, these are the statistics of the
/// convolution's result before it is rounded. The other functions get a stored value, and can only
/// use that.
///
/// bfloat16 on another device and float16 go through LibTorch's operators without conversion
/// (ActivationStorage::computes_narrow): ReLU, pools, convolutions and batch normalizations have
/// 16-bit inputs and outputs. The weights of all convolutions are rounded for the product. The
/// terms of a node are multiplied by their coefficients and added in float32.
namespace pdarts::nn::composition {

at::Tensor BatchNorm(const at::Tensor& x, const BatchNormArgs& batch_norm);
/// NormalizeEach for values whose statistics are computed over several processes.
std::vector<at::Tensor> BatchNormEach(const std::vector<at::Tensor>& values,
                                      const std::vector<BatchNormArgs>& batch_norms);
at::Tensor Convolve(const at::Tensor& x, const ReluConvolution& convolution,
                    const std::optional<BatchNormArgs>& batch_norm);
at::Tensor MaxPool3x3(const at::Tensor& x, int64_t stride);
at::Tensor AveragePool3x3(const at::Tensor& x, int64_t stride);
at::Tensor NodeSum(const std::vector<NodeTerm>& terms, const at::Tensor& coefficients);
at::Tensor MixedCell(const MixedCellArgs& cell, const std::vector<at::Tensor>& inputs,
                     const at::Tensor& coefficients);

}  // namespace pdarts::nn::composition

#endif  // PDARTS_NN_KERNELS_COMPOSITION_H_
