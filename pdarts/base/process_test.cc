#include "pdarts/base/process.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

constexpr int64_t kMegabyte = int64_t{1} << 20;

/// Allocates this number of bytes for a moment.
void Touch(int64_t bytes) {
  const auto memory = std::make_unique<char[]>(bytes);
  std::memset(memory.get(), 1, bytes);
  volatile char last = memory[bytes - 1];
  (void)last;
}

TEST(ProcessTest, ARecentPeakBeginsAnewAndTheWholeOneStays) {
  Touch(256 * kMegabyte);
  const int64_t whole = PeakResidentBytes();
  EXPECT_GE(whole, 256 * kMegabyte);
  if (!ResetRecentPeak()) GTEST_SKIP() << "/proc/self/clear_refs cannot be written";
  const int64_t before = ResidentBytes();
  Touch(64 * kMegabyte);
  const int64_t recent = RecentPeakResidentBytes() - before;
  EXPECT_GE(recent, 60 * kMegabyte);
  EXPECT_LE(recent, 80 * kMegabyte);
  EXPECT_GE(PeakResidentBytes(), whole);
}

TEST(ProcessTest, EntersTheFolderOfBazelRun) {
  const std::filesystem::path before = std::filesystem::current_path();
  unsetenv("BUILD_WORKING_DIRECTORY");
  EXPECT_TRUE(EnterFolderOfBazelRun().ok());
  EXPECT_EQ(std::filesystem::current_path(), before);
  setenv("BUILD_WORKING_DIRECTORY", "/", /*overwrite=*/1);
  EXPECT_TRUE(EnterFolderOfBazelRun().ok());
  EXPECT_EQ(std::filesystem::current_path(), "/");
  setenv("BUILD_WORKING_DIRECTORY", "/proc/self/none", /*overwrite=*/1);
  EXPECT_EQ(EnterFolderOfBazelRun(),
            absl::NotFoundError("cannot change to /proc/self/none: No such file or directory"));
  unsetenv("BUILD_WORKING_DIRECTORY");
  std::filesystem::current_path(before);
}

}  // namespace
}  // namespace pdarts
