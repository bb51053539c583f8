#include "pdarts/core/device_modes.h"

#include <cstdlib>

#include "ATen/Context.h"
#include "c10/core/impl/DeviceGuardImplInterface.h"
#include "c10/core/impl/VirtualGuardImpl.h"

namespace pdarts {

void SetDeviceModes(const Backend& backend, bool deterministic) {
  if (backend.device.is_cpu()) return;
  const c10::DeviceType type = backend.device.type();
  if (backend.device.has_index() && c10::impl::hasDeviceGuardImpl(type)) {
    c10::impl::VirtualGuardImpl(type).setDevice(backend.device);
  }
  at::Context& context = at::globalContext();
  // A run may use an operator that has no deterministic variant, so LibTorch warns instead of
  // throwing an error.
  context.setDeterministicAlgorithms(deterministic, /*warn_only=*/true);
  // Otherwise the mode would fill every new tensor, on the CPU too.
  context.setDeterministicFillUninitializedMemory(false);
  context.setDeterministicCuDNN(deterministic);
  context.setBenchmarkCuDNN(!deterministic);
  context.setAllowTF32CuDNN(false);
  context.setAllowTF32CuBLAS(false);
  // cuBLAS reads the variable at its first computation.
  if (deterministic) setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
}

}  // namespace pdarts
