#ifndef PDARTS_CORE_DEVICE_MEMORY_H_
#define PDARTS_CORE_DEVICE_MEMORY_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "c10/core/Device.h"

namespace pdarts {

/// Memory of a device, in bytes.
struct DeviceBytes {
  int64_t tensors = 0;   ///< that tensors hold
  int64_t reserved = 0;  ///< that the allocator has taken from the device, `tensors` included
};

/// The memory of one device, as its allocator counts it. All methods may be called from one thread
/// at a time.
class DeviceMemory {
 public:
  virtual ~DeviceMemory() = default;
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  /// The memory of a device; null for the CPU, and for a device whose allocator does not count. The
  /// object lives as long as the program. The first call for a device may start the device.
  static DeviceMemory* Of(c10::Device device);

  /// The most bytes that the allocators of all devices of earlier calls of Of have taken from one
  /// device since the program began; 0 if there was no such call.
  static int64_t PeakBytesOfAll();

  /// Makes the memory of a type of device. For devices whose allocator is no c10::DeviceAllocator,
  /// such as those of tests. Call it before the first Of of the type.
  using Maker = std::function<std::unique_ptr<DeviceMemory>(c10::Device)>;
  static void Register(c10::DeviceType type, Maker maker);

  DeviceBytes Now() { return DoNow(); }
  /// The most since ResetRecentPeak, of each of the two.
  DeviceBytes RecentPeak() { return DoPeak(); }
  /// Gives cached memory back to the device and begins RecentPeak anew.
  void ResetRecentPeak();
  /// The most bytes that the allocator has taken from the device since the program began.
  int64_t PeakBytes();
  /// Gives cached memory back to the device. Returns what tensors can still take.
  int64_t FreeBytes();

 protected:
  DeviceMemory() = default;

 private:
  virtual DeviceBytes DoNow() = 0;
  /// Since DoResetPeak.
  virtual DeviceBytes DoPeak() = 0;
  virtual void DoResetPeak() = 0;
  virtual void DoReturnCached() = 0;
  /// What the device has free.
  virtual int64_t DoFreeBytes() = 0;

  int64_t peak_before_reset_ = 0;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_DEVICE_MEMORY_H_
