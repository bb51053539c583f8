// Input: tables of NAS-Bench-201.

#include <cstdint>

#include "pdarts/benchmarks/nasbench201/table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)pdarts::nasbench201::ReadTable({reinterpret_cast<const char*>(data), size}, "table");
  return 0;
}
