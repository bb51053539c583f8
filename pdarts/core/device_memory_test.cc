#include "pdarts/core/device_memory.h"

#include <algorithm>
#include <memory>

#include "gtest/gtest.h"

namespace pdarts {
namespace {

/// A simulated device of 1000 bytes. It computes nothing.
class MadeUpMemory : public DeviceMemory {
 public:
  void Take(int64_t bytes) {
    now_.tensors += bytes;
    now_.reserved = std::max(now_.reserved, now_.tensors);
    peak_ = {std::max(peak_.tensors, now_.tensors), std::max(peak_.reserved, now_.reserved)};
  }

 private:
  DeviceBytes DoNow() override { return now_; }
  DeviceBytes DoPeak() override { return peak_; }
  void DoResetPeak() override { peak_ = now_; }
  void DoReturnCached() override { now_.reserved = now_.tensors + 10; }
  int64_t DoFreeBytes() override { return 1000 - now_.reserved; }

  DeviceBytes now_, peak_;
};

TEST(DeviceMemory, TheCpuHasNone) { EXPECT_EQ(DeviceMemory::Of(c10::kCPU), nullptr); }

TEST(DeviceMemory, PeaksAreOfTheProgramAndRecent) {
  MadeUpMemory memory;
  memory.Take(300);
  memory.Take(-200);
  EXPECT_EQ(memory.Now().tensors, 100);
  EXPECT_EQ(memory.Now().reserved, 300);
  EXPECT_EQ(memory.PeakBytes(), 300);
  memory.ResetRecentPeak();
  EXPECT_EQ(memory.RecentPeak().tensors, 100);
  EXPECT_EQ(memory.RecentPeak().reserved, 110) << "cached memory was given back";
  memory.Take(50);
  EXPECT_EQ(memory.RecentPeak().tensors, 150);
  EXPECT_EQ(memory.PeakBytes(), 300) << "the peak of the program is not lost";
  memory.Take(400);
  EXPECT_EQ(memory.PeakBytes(), 550);
}

TEST(DeviceMemory, FreeIsWhatTensorsCanTake) {
  MadeUpMemory memory;
  memory.Take(300);
  memory.Take(-200);
  EXPECT_EQ(memory.FreeBytes(), 900) << "with the 10 bytes that the allocator keeps";
}

TEST(DeviceMemory, EachDeviceHasOneObject) {
  DeviceMemory::Register(c10::DeviceType::PrivateUse1,
                         [](c10::Device) { return std::make_unique<MadeUpMemory>(); });
  EXPECT_EQ(DeviceMemory::PeakBytesOfAll(), 0);
  auto* const first = static_cast<MadeUpMemory*>(DeviceMemory::Of(c10::DeviceType::PrivateUse1));
  EXPECT_EQ(DeviceMemory::Of(c10::Device(c10::DeviceType::PrivateUse1, 0)), first);
  auto* const second =
      static_cast<MadeUpMemory*>(DeviceMemory::Of(c10::Device(c10::DeviceType::PrivateUse1, 1)));
  EXPECT_NE(second, first);
  first->Take(20);
  second->Take(30);
  EXPECT_EQ(DeviceMemory::PeakBytesOfAll(), 30);
}

TEST(DeviceMemory, ADeviceThatCountsNothingHasNone) {
  DeviceMemory::Register(c10::DeviceType::XLA,
                         [](c10::Device) -> std::unique_ptr<DeviceMemory> { return nullptr; });
  EXPECT_EQ(DeviceMemory::Of(c10::Device(c10::DeviceType::XLA, 0)), nullptr);
  EXPECT_EQ(DeviceMemory::Of(c10::Device(c10::DeviceType::XLA, 0)), nullptr);
}

}  // namespace
}  // namespace pdarts
