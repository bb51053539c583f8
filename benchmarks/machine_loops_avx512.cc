#define PDARTS_NAMESPACE avx512
#define PDARTS_VECTOR_BYTES 64
#define PDARTS_SUMS 24
#include "benchmarks/machine_loops.inc"
