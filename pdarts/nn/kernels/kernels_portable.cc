#define PDARTS_VARIANT portable
#define PDARTS_VECTOR_BYTES 16
#include "pdarts/nn/kernels/loops.inc"
