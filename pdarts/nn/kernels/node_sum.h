#ifndef PDARTS_NN_KERNELS_NODE_SUM_H_
#define PDARTS_NN_KERNELS_NODE_SUM_H_

#include <optional>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/core/backend.h"
#include "pdarts/nn/kernels/batch_norm_args.h"
#include "pdarts/nn/kernels/dropout.h"

namespace pdarts::nn {

/// One operation's part in a node.
struct NodeTerm {
  /// `[N,C,H,W]`: before its batch normalization, if it has one.
  at::Tensor value;
  std::optional<BatchNormArgs> batch_norm;
  /// uint8 `[N,C,H,W]` of 0 and 1, or undefined: which elements of the normalised value count.
  at::Tensor dropout_mask;
  double dropout_scale = 1;
  /// In the place of the mask, if the masks draw on a device. Only with the reference kernels.
  std::optional<DeviceDropout> device_dropout;
};

/// sum_i coefficients[i] * dropout_i(batch_norm_i(value_i)), the value of a node of a search
/// network, in one pass over the values. With g the node's gradient and xhat_i the normalised
/// value, the sums of g and of g * xhat_i over a channel are all that the gradients of the
/// coefficients, of the batch normalisations' parameters and of the values need besides the values
/// themselves:
///   d value_i = coefficients[i] / deviation_i * (g - mean(g) - xhat_i * mean(g * xhat_i)).
///
/// coefficients: `[n]`. float32 or float64, values in any memory format; with FUSED the result
/// is channels-last. Dies if shapes or dtypes don't fit, or there is no term.
at::Tensor NodeSum(const Backend& backend, const std::vector<NodeTerm>& terms,
                   const at::Tensor& coefficients);

/// batch_norm(value). value: `[N,C,H,W]`, as for NodeSum.
at::Tensor Normalize(const Backend& backend, const at::Tensor& value,
                     const BatchNormArgs& batch_norm);

/// Normalize of several values, none of which depends on another one. Where the statistics are
/// taken over several processes, the values share one all-reduce forward and one backward.
std::vector<at::Tensor> NormalizeEach(const Backend& backend, const std::vector<at::Tensor>& values,
                                      const std::vector<BatchNormArgs>& batch_norms);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_NODE_SUM_H_
