#include "pdarts/core/device_modes.h"

#include <cstdlib>

#include "ATen/Context.h"

namespace pdarts {

void SetDeviceModes(const Backend& backend, bool deterministic) {
  if (backend.device.is_cpu()) return;
  at::Context& context = at::globalContext();
  // A warning instead of an error: a run goes on with an operator that has no deterministic
  // variant.
  context.setDeterministicAlgorithms(deterministic, /*warn_only=*/true);
  // The mode would otherwise fill every new tensor, on the CPU too.
  context.setDeterministicFillUninitializedMemory(false);
  context.setDeterministicCuDNN(deterministic);
  context.setBenchmarkCuDNN(!deterministic);
  context.setAllowTF32CuDNN(false);
  context.setAllowTF32CuBLAS(false);
  // cuBLAS reads it when it first computes something.
  if (deterministic) setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
}

}  // namespace pdarts
