#include "pdarts/core/testing/counting_memory.h"

#include <algorithm>
#include <memory>

#include "c10/core/DeviceType.h"
#include "pdarts/core/device_memory.h"
#include "pdarts/core/testing/counting_device.h"

namespace pdarts {
namespace {

class CountingMemory : public DeviceMemory {
 private:
  DeviceBytes DoNow() override {
    const CountingDeviceMemory now = DeviceMemoryInUse();
    return {now.allocated, now.reserved};
  }
  /// The device does not record the peak of its reserved memory. Without a call of DoReturnCached
  /// in between, the peak is the memory that is reserved now.
  DeviceBytes DoPeak() override {
    const CountingDeviceMemory now = DeviceMemoryInUse();
    return {now.peak, std::max(now.peak, now.reserved)};
  }
  void DoResetPeak() override { ResetDevicePeak(); }
  void DoReturnCached() override { FreeCachedDeviceMemory(); }
  int64_t DoFreeBytes() override { return kCountingDeviceBytes - DeviceMemoryInUse().reserved; }
};

[[maybe_unused]] const bool kIsRegistered = [] {
  DeviceMemory::Register(c10::DeviceType::PrivateUse1,
                         [](c10::Device) { return std::make_unique<CountingMemory>(); });
  return true;
}();

}  // namespace
}  // namespace pdarts
