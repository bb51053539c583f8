#define PDARTS_VARIANT avx2
#include "pdarts/datasets/transforms/resize_loops.inc"
