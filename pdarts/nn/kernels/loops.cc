#include "pdarts/nn/kernels/loops.h"

#include "glog/logging.h"

namespace pdarts::nn {

template <>
const KernelTable<float>& Loops(InstructionSet instructions) {
  switch (instructions) {
    case InstructionSet::kPortable:
      return portable::kFloatTable;
#if defined(__x86_64__)
    case InstructionSet::kAvx2:
      return avx2::kFloatTable;
    case InstructionSet::kAvx512:
      return avx512::kFloatTable;
    case InstructionSet::kAvx512Bf16:
      return avx512_bf16::kFloatTable;
#endif
    default:
      LOG(FATAL) << "this program has no loops for " << InstructionSetName(instructions);
  }
}

template <>
const KernelTable<double>& Loops(InstructionSet instructions) {
  switch (instructions) {
    case InstructionSet::kPortable:
      return portable::kDoubleTable;
#if defined(__x86_64__)
    case InstructionSet::kAvx2:
      return avx2::kDoubleTable;
    case InstructionSet::kAvx512:
      return avx512::kDoubleTable;
    case InstructionSet::kAvx512Bf16:
      return avx512_bf16::kDoubleTable;
#endif
    default:
      LOG(FATAL) << "this program has no loops for " << InstructionSetName(instructions);
  }
}

}  // namespace pdarts::nn
