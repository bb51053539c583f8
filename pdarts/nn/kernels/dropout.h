#ifndef PDARTS_NN_KERNELS_DROPOUT_H_
#define PDARTS_NN_KERNELS_DROPOUT_H_

#include <cstdint>

#include "ATen/core/Tensor.h"
#include "pdarts/core/backend.h"

namespace pdarts::nn {

/// A uint8 mask on the CPU, channels-last, whose elements are 0 with this probability and 1 else.
/// Which ones depends on the seed and the sizes only: not on the processor, the number of threads
/// or LibTorch. sizes: `[N,C,H,W]`. Throws c10::Error naming the sizes if these are 2^32 elements
/// or more. Dies unless probability is in [0, 1].
/// instructions: only for the tests; all sets draw the same.
at::Tensor DropoutMask(at::IntArrayRef sizes, double probability, uint64_t seed,
                       InstructionSet instructions = BestInstructionSet());

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_DROPOUT_H_
