#define PDARTS_VARIANT avx512
#define PDARTS_VECTOR_BYTES 64
#include "pdarts/nn/kernels/loops.inc"
