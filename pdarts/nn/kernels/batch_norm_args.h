#ifndef PDARTS_NN_KERNELS_BATCH_NORM_ARGS_H_
#define PDARTS_NN_KERNELS_BATCH_NORM_ARGS_H_

#include "ATen/core/Tensor.h"

namespace pdarts::nn {

/// A batch normalisation as data. In training it normalises by the batch's mean and biased
/// variance, and with `update_statistics` moves the running ones in place towards the batch's mean
/// and unbiased variance; else it normalises by the running ones.
struct BatchNormArgs {
  at::Tensor weight;  ///< `[C]`, undefined unless affine
  at::Tensor bias;    ///< `[C]`, undefined unless affine
  at::Tensor running_mean;
  at::Tensor running_var;
  bool training = true;
  bool update_statistics = true;
  double eps = 1e-5;
  double momentum = 0.1;
};

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_BATCH_NORM_ARGS_H_
