#ifndef PDARTS_CORE_TESTING_COUNTING_MEMORY_H_
#define PDARTS_CORE_TESTING_COUNTING_MEMORY_H_

#include <cstdint>

namespace pdarts {

/// The simulated size of the counting device. In a program that links this library,
/// DeviceMemory::Of finds the memory of the counting device.
inline constexpr int64_t kCountingDeviceBytes = 8000000000;

}  // namespace pdarts

#endif  // PDARTS_CORE_TESTING_COUNTING_MEMORY_H_
