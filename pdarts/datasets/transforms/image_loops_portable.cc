#define PDARTS_VARIANT portable
#include "pdarts/datasets/transforms/image_loops.inc"
