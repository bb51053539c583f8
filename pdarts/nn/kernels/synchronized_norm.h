#ifndef PDARTS_NN_KERNELS_SYNCHRONIZED_NORM_H_
#define PDARTS_NN_KERNELS_SYNCHRONIZED_NORM_H_

#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/nn/kernels/batch_norm_args.h"

namespace pdarts::nn::composition {

/// Batch normalizations, without weight and bias, by the statistics over all images of all
/// processes. One all-reduce in the forward pass and one in the backward pass transfer all sums,
/// for any number of values. Moves the running statistics as each of `batch_norms` states. All
/// `batch_norms` must have the same communicator.
/// \param values `[N,C,H,W]` each. The statistics are computed from them, and the gradients are for
///     them.
/// \param stored of the same shapes: the values that are normalized. They differ from `values` only
///     if activations are rounded. Throws CommunicationError if an all-reduce fails, and c10::Error
///     in a backward pass with create_graph.
std::vector<at::Tensor> SynchronizedNormalize(const std::vector<at::Tensor>& values,
                                              const std::vector<at::Tensor>& stored,
                                              const std::vector<BatchNormArgs>& batch_norms);

}  // namespace pdarts::nn::composition

#endif  // PDARTS_NN_KERNELS_SYNCHRONIZED_NORM_H_
