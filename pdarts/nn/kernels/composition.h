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
///
/// Activations are `[N,C,H,W]` in any memory format. Weights, running statistics and coefficients
/// are float64 if the activations are float64, and otherwise float32, on the same device. Where the
/// comments do not say "dies", shapes and types are left to the operators of LibTorch: most of
/// those that do not fit throw c10::Error.
namespace pdarts::nn::composition {

/// batch_norm(x), in the shape and type of x. If this process has the whole batch, throws
/// c10::Error as CheckCanNormalize. If the statistics are computed over several processes, throws
/// CommunicationError if an all-reduce fails, and c10::Error in a backward pass with create_graph.
at::Tensor BatchNorm(const at::Tensor& x, const BatchNormArgs& batch_norm);

/// NormalizeEach for values whose statistics are computed over several processes. There is at least
/// one value. All values have one type, and the results have the shapes of the values. Dies if the
/// number of batch normalizations differs from the number of values, or if their communicators
/// differ. Throws as BatchNorm.
std::vector<at::Tensor> BatchNormEach(const std::vector<at::Tensor>& values,
                                      const std::vector<BatchNormArgs>& batch_norms);

/// nn::Convolve: `[N,Co,H',W']` in the type of x. The tensors of `convolution` that its kind does
/// not use are ignored. Throws as BatchNorm, and c10::Error if a side is odd and the convolution is
/// a factorized reduction.
at::Tensor Convolve(const at::Tensor& x, const ReluConvolution& convolution,
                    const std::optional<BatchNormArgs>& batch_norm);

/// nn::MaxPool3x3 and nn::AveragePool3x3: `[N,C,(H - 1) / stride + 1,(W - 1) / stride + 1]` in the
/// type of x. Throw c10::Error unless the stride is above 0.
at::Tensor MaxPool3x3(const at::Tensor& x, int64_t stride);
at::Tensor AveragePool3x3(const at::Tensor& x, int64_t stride);

/// nn::NodeSum, in the shape and type of the values. There is at least one term, and the
/// coefficients are `[n]`. A term may have both dropout and a batch normalization. The values must
/// have one shape: this is not checked, and LibTorch may broadcast them. Throws as BatchNorm.
at::Tensor NodeSum(const std::vector<NodeTerm>& terms, const at::Tensor& coefficients);

/// nn::MixedCell: `[N,outputs*C,H',W']` in the type of the inputs. There is at least one input.
/// coefficients: one-dimensional. Dies if the sum of a node differs from the channels or sides in
/// `cell`. Throws as BatchNorm.
at::Tensor MixedCell(const MixedCellArgs& cell, const std::vector<at::Tensor>& inputs,
                     const at::Tensor& coefficients);

}  // namespace pdarts::nn::composition

#endif  // PDARTS_NN_KERNELS_COMPOSITION_H_
