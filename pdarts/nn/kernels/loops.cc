#include "pdarts/nn/kernels/loops.h"

#include "glog/logging.h"

namespace pdarts::nn {
namespace {

const KernelTables& Tables(InstructionSet instructions) {
  switch (instructions) {
    case InstructionSet::kPortable:
      return portable::kTables;
#if defined(__x86_64__)
    case InstructionSet::kAvx2:
      return avx2::kTables;
    case InstructionSet::kAvx512:
      return avx512::kTables;
    case InstructionSet::kAvx512Bf16:
      return avx512_bf16::kTables;
#endif
    default:
      LOG(FATAL) << "this program has no loops for " << InstructionSetName(instructions);
  }
}

}  // namespace

template <>
const KernelTable<float, float>& Loops<float>(InstructionSet instructions) {
  return Tables(instructions).float32;
}

template <>
const KernelTable<double, double>& Loops<double>(InstructionSet instructions) {
  return Tables(instructions).float64;
}

template <>
const KernelTable<Bfloat16, float>& Loops<Bfloat16>(InstructionSet instructions) {
  return Tables(instructions).bfloat16;
}

}  // namespace pdarts::nn
