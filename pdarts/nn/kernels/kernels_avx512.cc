#define PDARTS_VARIANT avx512
#define PDARTS_VECTOR_BYTES 64
#define PDARTS_PAIRS 0
#include "pdarts/nn/kernels/loops.inc"
