#ifndef PDARTS_DATASETS_TRANSFORMS_IMAGE_LOOPS_H_
#define PDARTS_DATASETS_TRANSFORMS_IMAGE_LOOPS_H_

#include "pdarts/core/backend.h"
#include "pdarts/datasets/transforms/image_loops_table.h"

namespace pdarts {

/// The loops that are compiled for an instruction set. This processor must support it.
const ImageLoops& ImageLoopsFor(InstructionSet instructions);

}  // namespace pdarts

#endif  // PDARTS_DATASETS_TRANSFORMS_IMAGE_LOOPS_H_
