// The checks of device_parity on a device that is not the CPU. The counting device replaces a GPU.

#include "pdarts/core/testing/counting_device.h"

#include "gtest/gtest.h"
#include "tests/device/parity_checks.h"

namespace pdarts::parity {
namespace {

TEST(ParityChecks, PassOnTheCountingDevice) {
  int run = 0;
  for (const ParityCheck& check : ParityChecks(CountingDevice())) {
    if (!check.is_quick) continue;
    ResetCounters();
    const CheckResult result = RunCheck(check);
    EXPECT_TRUE(result.passed()) << JsonLine(result);
    EXPECT_GT(Counters().copies_to_device, 0) << check.name << " gives the device nothing";
    ++run;
  }
  EXPECT_GT(run, 45);
}

}  // namespace
}  // namespace pdarts::parity
