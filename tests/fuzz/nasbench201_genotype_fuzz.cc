// Input: genotypes of the space nasbench201.

#include <cstdint>

#include "tests/fuzz/genotype_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  pdarts::CheckGenotype("nasbench201", {reinterpret_cast<const char*>(data), size});
  return 0;
}
