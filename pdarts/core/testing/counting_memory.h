#ifndef PDARTS_CORE_TESTING_COUNTING_MEMORY_H_
#define PDARTS_CORE_TESTING_COUNTING_MEMORY_H_

#include <cstdint>

namespace pdarts {

/// What the counting device pretends to have. A program that links this library finds the memory of
/// the counting device by DeviceMemory::Of.
inline constexpr int64_t kCountingDeviceBytes = 8000000000;

}  // namespace pdarts

#endif  // PDARTS_CORE_TESTING_COUNTING_MEMORY_H_
