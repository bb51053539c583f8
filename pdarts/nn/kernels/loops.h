#ifndef PDARTS_NN_KERNELS_LOOPS_H_
#define PDARTS_NN_KERNELS_LOOPS_H_

#include "pdarts/core/backend.h"
#include "pdarts/nn/kernels/kernel_table.h"

namespace pdarts::nn {

/// The type in which values of a storage type are computed.
template <typename S>
struct AccumulatorOf {
  using Type = S;
};
template <>
struct AccumulatorOf<Bfloat16> {
  using Type = float;
};
template <typename S>
using Accumulator = typename AccumulatorOf<S>::Type;

/// The loops for an instruction set. S: the storage type. This processor must be able to run them
/// (RunnableInstructionSets). Dies if the program has no loops for the instruction set. Programs
/// for other processors than x86-64 have only the portable loops.
template <typename S>
const KernelTable<S, Accumulator<S>>& Loops(InstructionSet instructions);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_LOOPS_H_
