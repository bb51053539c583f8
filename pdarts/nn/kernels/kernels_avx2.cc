#define PDARTS_VARIANT avx2
#define PDARTS_VECTOR_BYTES 32
#include "pdarts/nn/kernels/loops.inc"
