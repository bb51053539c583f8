#define PDARTS_VARIANT portable
#include "pdarts/datasets/transforms/resize_loops.inc"
