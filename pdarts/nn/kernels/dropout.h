#ifndef PDARTS_NN_KERNELS_DROPOUT_H_
#define PDARTS_NN_KERNELS_DROPOUT_H_

#include "ATen/core/Tensor.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/masks.h"

namespace pdarts::nn {

/// A uint8 mask on the CPU, channels-last, whose elements are 0 with this probability and 1 else.
/// The mask of an image depends on the image's sizes and on the bits that `masks` has for it only:
/// not on the batch, the processor, the number of threads or LibTorch. sizes: `[N,C,H,W]`. Throws
/// c10::Error naming the sizes if an image has 2^32 elements or more. Dies unless probability is in
/// [0, 1]. instructions: only for the tests, because all sets draw the same.
at::Tensor DropoutMask(at::IntArrayRef sizes, double probability, const Masks& masks,
                       InstructionSet instructions = BestInstructionSet());

/// Independent normal numbers of mean 0 and deviation 1: `[N,C,H,W]` float32 on the CPU,
/// channels-last. What an image gets depends on the same as in DropoutMask; throws as DropoutMask.
at::Tensor NormalNoise(at::IntArrayRef sizes, const Masks& masks);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_DROPOUT_H_
