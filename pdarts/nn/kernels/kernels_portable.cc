#define PDARTS_VARIANT portable
#define PDARTS_VECTOR_BYTES 16
#define PDARTS_PAIRS 1
#include "pdarts/nn/kernels/loops.inc"
