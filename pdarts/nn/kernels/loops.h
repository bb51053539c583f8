#ifndef PDARTS_NN_KERNELS_LOOPS_H_
#define PDARTS_NN_KERNELS_LOOPS_H_

#include "pdarts/core/backend.h"
#include "pdarts/nn/kernels/kernel_table.h"

namespace pdarts::nn {

/// The loops that are compiled for an instruction set; T: float or double. This processor must be
/// able to run them (RunnableInstructionSets). Dies if this program has none for that set, as on
/// processors other than x86-64.
template <typename T>
const KernelTable<T>& Loops(InstructionSet instructions);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_LOOPS_H_
