#ifndef PDARTS_NN_KERNELS_BATCH_NORM_ARGS_H_
#define PDARTS_NN_KERNELS_BATCH_NORM_ARGS_H_

#include <cstdint>

#include "ATen/core/Tensor.h"
#include "c10/util/Exception.h"

namespace pdarts {
class Communicator;
}

namespace pdarts::nn {

/// A batch normalization as data. In training, it normalizes by the mean and the biased variance of
/// the batch. If `update_statistics` is set, it also moves the running statistics in place toward
/// the mean and the unbiased variance of the batch. Otherwise it normalizes by the running
/// statistics.
///
/// With a communicator, the batch is the batch of all its processes, and each process has at least
/// one image of it. The forward and the backward pass are then collective. The gradients of
/// `weight` and `bias` in each process are parts of a sum over the processes.
struct BatchNormArgs {
  at::Tensor weight;  ///< `[C]`, undefined unless affine
  at::Tensor bias;    ///< `[C]`, undefined unless affine
  /// `[C]`, contiguous, on the device of the activations; float64 if the activations are float64,
  /// and otherwise float32. Both may be undefined only in training without `update_statistics`.
  /// FUSED dies if they are undefined in evaluation. If it moves them, it also dies if they are not
  /// contiguous or do not have C elements.
  at::Tensor running_mean;
  at::Tensor running_var;  ///< as running_mean
  bool training = true;
  bool update_statistics = true;
  double eps = 1e-5;
  double momentum = 0.1;
  Communicator* communicator = nullptr;  ///< null: this process has the whole batch
};

/// Whether the statistics of a batch normalization are computed over several processes.
inline bool IsSynchronized(const BatchNormArgs& batch_norm) {
  return batch_norm.training && batch_norm.communicator != nullptr;
}

/// Throws c10::Error in training if a channel has only one value, such as one image of one pixel.
/// The unbiased variance would be a division by zero, and the normalized value would always be 0.
inline void CheckCanNormalize(bool training, int64_t values_per_channel, int64_t channels) {
  TORCH_CHECK(!training || values_per_channel > 1,
              "batch normalization in training needs more than one value for each channel, but a "
              "tensor of ",
              channels, " channels has ", values_per_channel);
}

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_BATCH_NORM_ARGS_H_
