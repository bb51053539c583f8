#ifndef PDARTS_NN_KERNELS_SYNCHRONIZED_NORM_H_
#define PDARTS_NN_KERNELS_SYNCHRONIZED_NORM_H_

#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/nn/kernels/batch_norm_args.h"

namespace pdarts::nn::composition {

/// Batch normalizations, without weight and bias, by the statistics over all images of all
/// processes. Sums travel in one all-reduce forward and one backward, whatever the number of
/// values. Moves the running statistics as each of `batch_norms` says, which must have one
/// communicator. \param values `[N,C,H,W]` each: what the statistics are taken of, and what gets a
/// gradient. \param stored of the same shapes: what is normalized. Other than `values` only where
/// activations
///     are rounded.
/// Throws CommunicationError if an all-reduce fails, and c10::Error in a backward pass that is
/// asked for a graph.
std::vector<at::Tensor> SynchronizedNormalize(const std::vector<at::Tensor>& values,
                                              const std::vector<at::Tensor>& stored,
                                              const std::vector<BatchNormArgs>& batch_norms);

}  // namespace pdarts::nn::composition

#endif  // PDARTS_NN_KERNELS_SYNCHRONIZED_NORM_H_
