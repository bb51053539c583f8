#ifndef PDARTS_NN_KERNELS_BATCH_NORM_ARGS_H_
#define PDARTS_NN_KERNELS_BATCH_NORM_ARGS_H_

#include <cstdint>

#include "ATen/core/Tensor.h"
#include "c10/util/Exception.h"

namespace pdarts {
class Communicator;
}

namespace pdarts::nn {

/// A batch normalisation as data. In training it normalises by the batch's mean and biased
/// variance, and with `update_statistics` moves the running ones in place towards the batch's mean
/// and unbiased variance; else it normalises by the running ones.
///
/// With a communicator, the batch is that of all its processes, each of which has at least one
/// image of it. The passes forward and backward are collective then. The gradients of `weight` and
/// `bias` are each process's part of a sum over the processes.
struct BatchNormArgs {
  at::Tensor weight;  ///< `[C]`, undefined unless affine
  at::Tensor bias;    ///< `[C]`, undefined unless affine
  at::Tensor running_mean;
  at::Tensor running_var;
  bool training = true;
  bool update_statistics = true;
  double eps = 1e-5;
  double momentum = 0.1;
  Communicator* communicator = nullptr;  ///< null: this process has the whole batch
};

/// Whether a batch normalization takes its statistics over several processes.
inline bool IsSynchronized(const BatchNormArgs& batch_norm) {
  return batch_norm.training && batch_norm.communicator != nullptr;
}

/// Throws c10::Error in training if a channel has only one value, such as one image of one pixel:
/// its unbiased variance is a division by zero, and what is normalised is 0 whatever it was.
inline void CheckCanNormalize(bool training, int64_t values_per_channel, int64_t channels) {
  TORCH_CHECK(!training || values_per_channel > 1,
              "batch normalization in training needs more than one value for each channel, but a "
              "tensor of ",
              channels, " channels has ", values_per_channel);
}

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_BATCH_NORM_ARGS_H_
