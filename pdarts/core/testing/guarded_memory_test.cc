// The counting device with the environment variable PDARTS_GUARD_DEVICE_MEMORY: the host cannot use
// the memory of the device.

#include <algorithm>

#include "ATen/TensorOperators.h"
#include "ATen/core/Tensor.h"
#include "ATen/ops/ones.h"
#include "gtest/gtest.h"
#include "pdarts/core/testing/counting_device.h"

namespace pdarts {
namespace {

TEST(GuardedMemoryDeathTest, OnlyOperatorsAndCopiesUseTheMemory) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const at::Tensor x = at::ones({4}, CountingDevice());
  const at::Tensor y = (x + x).reshape({2, 2}).mm(x.view({2, 2}));
  EXPECT_EQ(y.sum().item<float>(), 16);
  EXPECT_TRUE(y.cpu().equal(at::ones({2, 2}) * 4));
  EXPECT_DEATH(EXPECT_EQ(*x.const_data_ptr<float>(), 1), "");
  EXPECT_DEATH(std::fill_n(x.mutable_data_ptr<float>(), 4, 0.0F), "");
  // Memory that has been used before is guarded, too.
  FreeCachedDeviceMemory();
  const at::Tensor z = at::ones({4}, CountingDevice());
  EXPECT_DEATH(EXPECT_EQ(*z.const_data_ptr<float>(), 1), "");
  EXPECT_EQ(z[3].item<float>(), 1);
}

}  // namespace
}  // namespace pdarts
