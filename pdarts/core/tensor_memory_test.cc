#include "pdarts/core/tensor_memory.h"

#include <malloc.h>

#include "ATen/ops/empty.h"
#include "c10/util/Exception.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

constexpr int64_t kMegabyte = 1 << 20;

at::Tensor Megabytes(int64_t size) { return at::empty({size * kMegabyte}, at::kByte); }

TEST(TensorMemory, CountsWhatTensorsHoldAndTheirPeak) {
  TensorMemory memory;
  const at::Tensor kept = Megabytes(1);
  Megabytes(2);
  EXPECT_EQ(memory.held(), kMegabyte);
  EXPECT_EQ(memory.peak(), 3 * kMegabyte);
  memory.ResetPeak();
  EXPECT_EQ(memory.peak(), kMegabyte);
}

TEST(TensorMemory, ARefusedTensorIsFreedAndNotCounted) {
  const TensorMemory memory(8 * kMegabyte);
  const at::Tensor kept = Megabytes(4);
  const size_t before = mallinfo2().hblkhd;  // bytes of large allocations; 0 with AddressSanitizer
  for (int i = 0; i < 4; ++i) EXPECT_THROW(Megabytes(64), c10::OutOfMemoryError);
  EXPECT_EQ(mallinfo2().hblkhd, before);
  EXPECT_EQ(memory.held(), 4 * kMegabyte);
  EXPECT_EQ(memory.peak(), 68 * kMegabyte);
  Megabytes(4);  // fits
  EXPECT_THROW(Megabytes(5), c10::OutOfMemoryError);
}

}  // namespace
}  // namespace pdarts
