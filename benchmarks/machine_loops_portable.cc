#define PDARTS_NAMESPACE portable
#define PDARTS_VECTOR_BYTES 16
#define PDARTS_SUMS 12
#include "benchmarks/machine_loops.inc"
