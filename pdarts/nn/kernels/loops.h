#ifndef PDARTS_NN_KERNELS_LOOPS_H_
#define PDARTS_NN_KERNELS_LOOPS_H_

#include "pdarts/core/backend.h"
#include "pdarts/nn/kernels/kernel_table.h"

namespace pdarts::nn {

/// In which type values of a storage type are computed.
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

/// The loops that are compiled for an instruction set; S: the storage type. This processor must be
/// able to run them (RunnableInstructionSets). Dies if this program has none for that set, as on
/// processors other than x86-64.
template <typename S>
const KernelTable<S, Accumulator<S>>& Loops(InstructionSet instructions);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_LOOPS_H_
