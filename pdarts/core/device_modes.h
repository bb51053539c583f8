#ifndef PDARTS_CORE_DEVICE_MODES_H_
#define PDARTS_CORE_DEVICE_MODES_H_

#include "pdarts/core/backend.h"

namespace pdarts {

/// Sets how the operators of LibTorch and cuDNN compute on a device, for the whole process. Call it
/// before any computation. It changes nothing for the CPU, whose operators give the same bits each
/// time and compute float32 with 32 bits.
///
/// On another device:
/// - The device becomes the current device of the calling thread. Otherwise, libraries may also
/// start
///   the first GPU and take memory there, and a recording of a step may fail.
/// - deterministic: LibTorch uses operators that give the same bits each time, and writes a warning
///   with the name of an operator that has no such variant. cuBLAS gets a workspace of a fixed
///   size, unless the environment variable CUBLAS_WORKSPACE_CONFIG is already set.
/// - not deterministic: cuDNN measures its algorithms for each new shape, and uses the fastest one.
/// - Products of float32 are computed in float32 and not in TF32, because the precision FLOAT32
///   promises 32 bits.
///
/// Nothing here has run on a GPU. The test reads the settings back.
void SetDeviceModes(const Backend& backend, bool deterministic);

}  // namespace pdarts

#endif  // PDARTS_CORE_DEVICE_MODES_H_
