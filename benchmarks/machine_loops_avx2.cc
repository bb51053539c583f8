#define PDARTS_NAMESPACE avx2
#define PDARTS_VECTOR_BYTES 32
#define PDARTS_SUMS 12
#include "benchmarks/machine_loops.inc"
