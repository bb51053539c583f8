#include "pdarts/nn/kernels/memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <thread>

#include "gtest/gtest.h"
#include "pdarts/base/process.h"
#include "pdarts/base/sanitizer.h"

namespace pdarts::nn {
namespace {

constexpr int64_t kMegabyte = int64_t{1} << 20;

int64_t AddressSpace() { return KilobyteLine("/proc/self/status", "VmSize").value_or(0); }

/// Ends this process. The status is 0 if the heap reserves no address space that was not requested.
void TryUnderLimit() {
  rlimit limit;
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = static_cast<rlim_t>(AddressSpace() + 1200 * kMegabyte);
  setrlimit(RLIMIT_AS, &limit);
  const int64_t before = AddressSpace();
  KeepFreedMemory();
  void* volatile memory = std::malloc(10 * kMegabyte);
  // A thread needs memory too, and 8 MiB of address space for its stack.
  std::thread([] { std::free(std::malloc(kMegabyte)); }).join();
  const int64_t taken = AddressSpace() - before;
  std::cerr << taken / kMegabyte << " MiB of address space taken\n";
  _exit(memory != nullptr && taken < 32 * kMegabyte ? 0 : 1);
}

TEST(KeepFreedMemoryTest, TakesNoAddressSpaceThatIsNotAskedForUnderALimit) {
  if (kUnderSanitizer) GTEST_SKIP() << "a sanitizer maps more address space than the limit allows";
  EXPECT_EXIT(TryUnderLimit(), testing::ExitedWithCode(0), "");
}

/// Ends this process. The status is 0 if freed memory stays resident and is used again.
void TryToKeep() {
  KeepFreedMemory();
  const int64_t size = 100 * kMegabyte;
  auto* volatile memory = static_cast<volatile char*>(std::malloc(size));
  for (int64_t i = 0; i < size; i += 4096) memory[i] = 1;
  std::free(const_cast<char*>(memory));
  const int64_t resident = ResidentBytes();
  std::cerr << resident / kMegabyte << " MiB are resident\n";
  _exit(resident > size ? 0 : 1);
}

TEST(KeepFreedMemoryTest, MemoryThatIsFreedStaysWithTheProcess) {
  if (kUnderSanitizer) GTEST_SKIP() << "a sanitizer has its own allocator";
  EXPECT_EXIT(TryToKeep(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace pdarts::nn
