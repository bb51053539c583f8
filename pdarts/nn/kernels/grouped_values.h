#ifndef PDARTS_NN_KERNELS_GROUPED_VALUES_H_
#define PDARTS_NN_KERNELS_GROUPED_VALUES_H_

#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "c10/core/ScalarType.h"
#include "pdarts/nn/kernels/grouped_plan.h"

namespace pdarts::nn {

/// What the forward pass of a cell that GroupedPlan describes leaves for the backward pass. Every
/// `[N,m*C,H,W]` tensor is contiguous, and holds the values of m operations one after the other.
struct GroupedValues {
  struct OfBatch {
    at::Tensor depthwise, weight, bias;  ///< of all convolutions of the batch
    /// Round 1: the values before the batch normalization that is before the ReLU.
    at::Tensor before;
    at::Tensor mean, inverse_deviation;  ///< of `before`
    at::Tensor input;                    ///< of the first convolution, behind the ReLU
    at::Tensor middle;                   ///< between the depthwise and the pointwise convolution
  };
  struct OfNode {
    at::Tensor value;
    at::Tensor positive;                 ///< behind the ReLU
    at::Tensor before;                   ///< the values of its normalized terms
    at::Tensor mean, inverse_deviation;  ///< of `before`
    at::Tensor normalized_scales;  ///< `[N,T]`: image scales of normalized terms, or undefined
    at::Tensor plain;              ///< the values of its plain terms, behind dropout
    at::Tensor plain_scales;       ///< `[N,Q]`: image scales of plain terms, or undefined
    at::Tensor plain_weights;      ///< `[1,Q]` or `[N,Q]`: of the storage type
  };
  struct OfPool {
    at::Tensor value;
    at::Tensor indices;  ///< of the maxima
  };

  std::vector<OfBatch> batches;
  std::vector<OfNode> nodes;
  std::vector<OfPool> pools;
  at::Tensor coefficients;  ///< `[T]` of the normalized terms of the cell
  /// `[T*C]`: the coefficients, multiplied by the weights and biases of the batch normalizations.
  at::Tensor term_weights, term_biases;
  at::Tensor affine_weights, affine_biases;  ///< `[T*C]` of the terms' batch normalizations
  at::Tensor inner_weights, inner_biases;    ///< of the batch normalizations inside of chains
  /// Of all batch normalizations (GroupedPlan::BatchNorms). In training those of the batch.
  at::Tensor means, variances;
};

// Operators that the passes share.

/// The tensors one after the other along the channels; a single one unchanged, but contiguous.
at::Tensor AlongChannels(const std::vector<at::Tensor>& parts);
/// One-dimensional tensors one after the other.
at::Tensor Join(const std::vector<at::Tensor>& parts);
/// x * factor in the type of x.
at::Tensor Times(const at::Tensor& x, const at::Tensor& factor);

/// The sum over one dimension, which the result does not have. type: of the result.
at::Tensor SumOver(const at::Tensor& x, int64_t dimension, c10::ScalarType type);
at::Tensor SumOver(const at::Tensor& x, int64_t dimension);
/// A view of every second row and column, from the first or from the second one.
at::Tensor EverySecond(const at::Tensor& x, int64_t first);
/// The part of `count` batch normalizations in a tensor that has `channels` numbers for each one;
/// undefined if the tensor is undefined.
at::Tensor Channels(const at::Tensor& of_all, int64_t channels, int64_t first, int64_t count);

/// Arguments of LibTorch's convolution.
struct ConvolutionCall {
  int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
};
ConvolutionCall DepthwiseCall(const GroupedPlan::Batch& batch);
/// The call with Batch's `weight`.
ConvolutionCall WeightCall(const GroupedPlan::Batch& batch);

/// Margin of zeros that makes a 3x3 kernel one of 5x5.
inline constexpr int64_t kKernelMargin = 1;

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_GROUPED_VALUES_H_
