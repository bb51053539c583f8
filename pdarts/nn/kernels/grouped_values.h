#ifndef PDARTS_NN_KERNELS_GROUPED_VALUES_H_
#define PDARTS_NN_KERNELS_GROUPED_VALUES_H_

#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "c10/core/ScalarType.h"
#include "pdarts/device/operators.h"
#include "pdarts/nn/kernels/grouped_plan.h"

namespace pdarts::nn {

/// The values from the forward pass of a cell that its backward pass needs. A GroupedPlan describes
/// the cell. Every `[N,m*C,H,W]` tensor is contiguous, and contains the values of m operations one
/// after the other.
struct GroupedValues {
  struct OfBatch {
    at::Tensor depthwise, weight, bias;  ///< of all convolutions of the batch
    /// Second convolutions: the values before the batch normalization that comes before the ReLU.
    at::Tensor before;
    at::Tensor mean, inverse_standard_deviation;  ///< of `before`
    at::Tensor input;                             ///< of the first convolution, behind the ReLU
    at::Tensor middle;  ///< between the depthwise and the pointwise convolution
  };
  struct OfNode {
    at::Tensor value;
    at::Tensor positive;                          ///< behind the ReLU
    at::Tensor before;                            ///< the values of its normalized terms
    at::Tensor mean, inverse_standard_deviation;  ///< of `before`
    at::Tensor normalized_scales;  ///< `[N,T]`: image scales of normalized terms, or undefined
  };
  struct OfPool {
    at::Tensor value;
    at::Tensor indices;  ///< of the maxima
  };

  std::vector<OfBatch> batches;
  std::vector<OfNode> nodes;
  std::vector<OfPool> pools;
  at::Tensor factors;  ///< all coefficients of the cell, of operators::SumType
  operators::SummandDropout dropout;
  at::Tensor coefficients;  ///< `[T]` of the normalized terms of the cell, if it is affine
  /// `[T*C]`: the weights and biases of the batch normalizations, multiplied by the coefficients.
  at::Tensor term_weights, term_biases;
  at::Tensor affine_weights, affine_biases;  ///< `[T*C]` of the terms' batch normalizations
  at::Tensor inner_weights, inner_biases;    ///< of the batch normalizations inside of chains
  /// The statistics of all batch normalizations (GroupedPlan::BatchNorms). In training, they are
  /// the statistics of the batch.
  at::Tensor means, variances;
};

// Operators that both passes use.

/// The tensors, concatenated along the channels, and contiguous. Nothing is copied if they are all
/// channels of one contiguous tensor, in order.
at::Tensor AlongChannels(const std::vector<at::Tensor>& parts);
/// One-dimensional tensors, concatenated.
at::Tensor Join(const std::vector<at::Tensor>& parts);
/// x * factor in the type of x.
at::Tensor Times(const at::Tensor& x, const at::Tensor& factor);

/// A plain term of a node: `value`, with the dropout, the coefficient and the image scale of the
/// term. The gradient of the term's value is the same function of the gradient of the node.
operators::Summand PlainSummand(const GroupedPlan::Term& term, const at::Tensor& value);
/// The sum of at least one summand. The result may be the value of a summand.
at::Tensor Sum(const std::vector<operators::Summand>& summands, const GroupedValues& values);

/// The sum over one dimension, which the result does not have. type: of the result.
at::Tensor SumOver(const at::Tensor& x, int64_t dimension, c10::ScalarType type);
/// A view of every second row and column. It begins with row and column `first`.
at::Tensor EverySecond(const at::Tensor& x, int64_t first);
/// The part for `count` batch normalizations of a tensor that has `channels` numbers for each batch
/// normalization; undefined if the tensor is undefined.
at::Tensor Channels(const at::Tensor& of_all, int64_t channels, int64_t first, int64_t count);

/// Arguments of LibTorch's convolution.
struct ConvolutionCall {
  int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
};
ConvolutionCall DepthwiseCall(const GroupedPlan::Batch& batch);
/// The call for the `weight` of a batch.
ConvolutionCall WeightCall(const GroupedPlan::Batch& batch);

/// The margin of zeros that extends a 3x3 kernel to a 5x5 kernel.
inline constexpr int64_t kKernelMargin = 1;

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_GROUPED_VALUES_H_
