#ifndef PDARTS_CORE_DEVICE_MEMORY_H_
#define PDARTS_CORE_DEVICE_MEMORY_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "c10/core/Device.h"

namespace pdarts {

/// Memory of a device, in bytes.
struct DeviceBytes {
  int64_t tensors = 0;   ///< in use by tensors
  int64_t reserved = 0;  ///< reserved by the allocator on the device, including `tensors`
};

/// The memory of one device, as its allocator counts it. Only one thread at a time may call the
/// methods.
class DeviceMemory {
 public:
  virtual ~DeviceMemory() = default;
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  /// The memory of a device. Null for the CPU, and for a device whose allocator does not count. The
  /// object lives as long as the program. The first call for a device may start the device.
  static DeviceMemory* Of(c10::Device device);

  /// The largest number of bytes that the allocator of one device has reserved since the program
  /// began, over all devices of earlier calls of Of; 0 if there was no such call.
  static int64_t PeakBytesOfAll();

  /// Makes the memory of a type of device. For devices whose allocator is not a
  /// c10::DeviceAllocator, such as the devices of tests. Register it before the first call of Of
  /// for the type.
  using Maker = std::function<std::unique_ptr<DeviceMemory>(c10::Device)>;
  static void Register(c10::DeviceType type, Maker maker);

  DeviceBytes Now() { return DoNow(); }
  /// The peak of each of the two numbers since ResetRecentPeak.
  DeviceBytes RecentPeak() { return DoPeak(); }
  /// Returns cached memory to the device, and restarts RecentPeak.
  void ResetRecentPeak();
  /// The largest number of bytes that the allocator has reserved on the device since the program
  /// began.
  int64_t PeakBytes();
  /// Returns cached memory to the device. The result is the number of bytes that tensors can still
  /// use.
  int64_t FreeBytes();

 protected:
  DeviceMemory() = default;

 private:
  virtual DeviceBytes DoNow() = 0;
  /// The peak since DoResetPeak.
  virtual DeviceBytes DoPeak() = 0;
  virtual void DoResetPeak() = 0;
  virtual void DoReturnCached() = 0;
  /// The free bytes of the device.
  virtual int64_t DoFreeBytes() = 0;

  int64_t peak_before_reset_ = 0;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_DEVICE_MEMORY_H_
