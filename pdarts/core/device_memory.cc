#include "pdarts/core/device_memory.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "ATen/ops/empty.h"
#include "c10/core/CachingDeviceAllocator.h"

namespace pdarts {
namespace {

/// The counters of LibTorch's allocator for CUDA or for another accelerator. The class has not run
/// on a GPU.
class AllocatorMemory : public DeviceMemory {
 public:
  AllocatorMemory(c10::DeviceAllocator* allocator, c10::DeviceIndex device)
      : allocator_(*allocator), device_(device) {}

 private:
  static constexpr auto kAll = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);

  DeviceBytes DoNow() override {
    const c10::CachingDeviceAllocator::DeviceStats stats = allocator_.getDeviceStats(device_);
    return {stats.allocated_bytes[kAll].current, stats.reserved_bytes[kAll].current};
  }
  DeviceBytes DoPeak() override {
    const c10::CachingDeviceAllocator::DeviceStats stats = allocator_.getDeviceStats(device_);
    return {stats.allocated_bytes[kAll].peak, stats.reserved_bytes[kAll].peak};
  }
  void DoResetPeak() override { allocator_.resetPeakStats(device_); }
  void DoReturnCached() override { allocator_.emptyCache(); }
  int64_t DoFreeBytes() override {
    return static_cast<int64_t>(allocator_.getMemoryInfo(device_).first);
  }

  c10::DeviceAllocator& allocator_;
  const c10::DeviceIndex device_;
};

std::unique_ptr<DeviceMemory> MakeAllocatorMemory(c10::Device device) {
  at::empty({1}, at::TensorOptions().dtype(at::kByte).device(device));  // starts the device
  auto* const allocator = dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(device.type()));
  if (allocator == nullptr) return nullptr;
  return std::make_unique<AllocatorMemory>(allocator, device.index());
}

struct Devices {
  std::mutex mutex;
  std::map<c10::DeviceType, DeviceMemory::Maker> makers;
  std::map<std::pair<c10::DeviceType, c10::DeviceIndex>, std::unique_ptr<DeviceMemory>> made;
};

Devices& AllDevices() {
  static auto* const devices = new Devices;
  return *devices;
}

}  // namespace

void DeviceMemory::Register(c10::DeviceType type, Maker maker) {
  Devices& devices = AllDevices();
  const std::lock_guard<std::mutex> lock(devices.mutex);
  devices.makers[type] = std::move(maker);
}

DeviceMemory* DeviceMemory::Of(c10::Device device) {
  if (device.is_cpu()) return nullptr;
  if (!device.has_index()) device.set_index(0);
  Devices& devices = AllDevices();
  const std::lock_guard<std::mutex> lock(devices.mutex);
  const auto key = std::make_pair(device.type(), device.index());
  const auto found = devices.made.find(key);
  if (found != devices.made.end()) return found->second.get();
  const auto maker = devices.makers.find(device.type());
  std::unique_ptr<DeviceMemory> memory =
      maker == devices.makers.end() ? MakeAllocatorMemory(device) : maker->second(device);
  return devices.made.emplace(key, std::move(memory)).first->second.get();
}

int64_t DeviceMemory::PeakBytesOfAll() {
  Devices& devices = AllDevices();
  const std::lock_guard<std::mutex> lock(devices.mutex);
  int64_t peak = 0;
  for (const auto& [key, memory] : devices.made) {
    if (memory != nullptr) peak = std::max(peak, memory->PeakBytes());
  }
  return peak;
}

void DeviceMemory::ResetRecentPeak() {
  peak_before_reset_ = PeakBytes();
  DoReturnCached();
  DoResetPeak();
}

int64_t DeviceMemory::PeakBytes() { return std::max(peak_before_reset_, DoPeak().reserved); }

int64_t DeviceMemory::FreeBytes() {
  DoReturnCached();
  const DeviceBytes now = DoNow();
  return DoFreeBytes() + now.reserved - now.tensors;
}

}  // namespace pdarts
