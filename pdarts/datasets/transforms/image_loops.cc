#include "pdarts/datasets/transforms/image_loops.h"

namespace pdarts {

const ImageLoops& ImageLoopsFor(InstructionSet instructions) {
#if defined(__x86_64__)
  if (instructions != InstructionSet::kPortable) return avx2::kImageLoops;
#endif
  return portable::kImageLoops;
}

}  // namespace pdarts
