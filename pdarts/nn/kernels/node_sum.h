#ifndef PDARTS_NN_KERNELS_NODE_SUM_H_
#define PDARTS_NN_KERNELS_NODE_SUM_H_

#include <optional>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/core/backend.h"
#include "pdarts/nn/kernels/batch_norm_args.h"
#include "pdarts/nn/kernels/dropout.h"

namespace pdarts::nn {

/// A term of a node: the value of one operation.
struct NodeTerm {
  /// `[N,C,H,W]`: the value before its batch normalization, if it has one.
  at::Tensor value;
  std::optional<BatchNormArgs> batch_norm;
  /// uint8 `[N,C,H,W]` of 0 and 1, or undefined: the elements of the normalized value that are
  /// kept.
  at::Tensor dropout_mask;
  double dropout_scale = 1;
  /// Replaces the mask if the masks draw on a device. Not for the fused kernels.
  std::optional<DeviceDropout> device_dropout;
};

/// sum_i coefficients[i] * dropout_i(batch_norm_i(value_i)), the value of a node of a
/// super-network, in one pass over the values.
///
/// Let g be the gradient of the node and xhat_i the normalized value. The gradients of the
/// coefficients, of the parameters of the batch normalizations and of the values need the values
/// themselves, and for each channel only the sums of g and of g * xhat_i:
///   d value_i = coefficients[i] / deviation_i * (g - mean(g) - xhat_i * mean(g * xhat_i)).
///
/// coefficients: `[n]`. The values are float32, float64 or bfloat16, with REFERENCE and GROUPED
/// also float16, in any memory format. The result has their shape and type. With FUSED, it is
/// channels-last.
///
/// Dies if there is no term, if the number of coefficients differs from the number of terms, or if
/// the first value does not have four dimensions. FUSED and GROUPED also die if the shapes or types
/// of the values differ. REFERENCE does not check this: the operators of LibTorch may throw
/// c10::Error, or broadcast the values. FUSED dies if a term has both dropout and a batch
/// normalization. Throws c10::Error as CheckCanNormalize, and CommunicationError if an all-reduce
/// fails.
at::Tensor NodeSum(const Backend& backend, const std::vector<NodeTerm>& terms,
                   const at::Tensor& coefficients);

/// batch_norm(value), in the shape and type of `value`. value: `[N,C,H,W]`, as for NodeSum. Throws
/// as NodeSum.
at::Tensor Normalize(const Backend& backend, const at::Tensor& value,
                     const BatchNormArgs& batch_norm);

/// Normalize for several values that do not depend on each other. The values have one type, but may
/// have different shapes. The results have the order, the shapes and the type of the values.
///
/// If the statistics of the first batch normalization are computed over several processes
/// (IsSynchronized), all batch normalizations must be in training mode with the same communicator.
/// The values then share one all-reduce in the forward pass and one in the backward pass.
/// Otherwise, each value is normalized separately.
///
/// Dies if the number of batch normalizations differs from the number of values, or if
/// communicators differ where they must be the same. Throws as Normalize.
std::vector<at::Tensor> NormalizeEach(const Backend& backend, const std::vector<at::Tensor>& values,
                                      const std::vector<BatchNormArgs>& batch_norms);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_NODE_SUM_H_
