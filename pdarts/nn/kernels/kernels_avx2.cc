#define PDARTS_VARIANT avx2
#define PDARTS_VECTOR_BYTES 32
#define PDARTS_PAIRS 0
#include "pdarts/nn/kernels/loops.inc"
