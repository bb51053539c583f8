#define PDARTS_VARIANT avx512_bf16
#define PDARTS_VECTOR_BYTES 64
#define PDARTS_PAIRS 1
#include "pdarts/nn/kernels/loops.inc"
