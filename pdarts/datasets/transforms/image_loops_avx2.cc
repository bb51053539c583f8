#define PDARTS_VARIANT avx2
#include "pdarts/datasets/transforms/image_loops.inc"
