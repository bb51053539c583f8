#include "pdarts/runs/atomic_file.h"

#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class AtomicFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::path(::testing::TempDir()) /
                 ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    ReportFileSizeLimitAsError();
    getrlimit(RLIMIT_FSIZE, &limit_);
  }
  void TearDown() override { setrlimit(RLIMIT_FSIZE, &limit_); }
  /// As on a disk with only so many bytes left.
  void LimitFileSize(rlim_t bytes) {
    rlimit limit = limit_;
    limit.rlim_cur = bytes;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  std::string Path(const std::string& name) const { return (directory_ / name).string(); }

  std::filesystem::path directory_;
  rlimit limit_;
};

TEST_F(AtomicFileTest, ReplacesTheContent) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "one").ok());
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "two").ok());
  EXPECT_EQ(Read(Path("a")), "two");
  EXPECT_FALSE(std::filesystem::exists(Path("a.tmp")));
}

TEST_F(AtomicFileTest, FullDiskLeavesTheOldContentAndNothingElse) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "old").ok());
  LimitFileSize(1000);
  const absl::Status status = WriteFileAtomically(Path("a"), std::string(5000, 'x'));
  LimitFileSize(limit_.rlim_cur);
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(Path("a")));
  EXPECT_EQ(Read(Path("a")), "old");
  EXPECT_FALSE(std::filesystem::exists(Path("a.tmp")));
}

TEST_F(AtomicFileTest, PathBelowAFileIsAnErrorThatNamesIt) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "old").ok());
  const absl::Status status = WriteFileAtomically(Path("a/b"), "new");
  EXPECT_THAT(std::string(status.message()), HasSubstr(Path("a/b")));
  EXPECT_THAT(std::string(status.message()), HasSubstr("Not a directory"));
}

TEST_F(AtomicFileTest, HalfALineIsTakenBack) {
  LineFile file;
  ASSERT_TRUE(file.Open(Path("log")).ok());
  ASSERT_TRUE(file.Append("first").ok());
  LimitFileSize(10);
  const absl::Status status = file.Append("a line that does not fit");
  LimitFileSize(limit_.rlim_cur);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(Read(Path("log")), "first\n");
  ASSERT_TRUE(file.Append("second").ok());
  EXPECT_EQ(Read(Path("log")), "first\nsecond\n");
}

TEST_F(AtomicFileTest, KeepsTheOldContentUnderAnotherName) {
  for (const char* content : {"one", "two", "three"}) {
    ASSERT_TRUE(WriteFileAtomically(Path("a"), content, Path("b")).ok());
  }
  EXPECT_EQ(Read(Path("a")), "three");
  EXPECT_EQ(Read(Path("b")), "two");
  LimitFileSize(1000);
  EXPECT_FALSE(WriteFileAtomically(Path("a"), std::string(5000, 'x'), Path("b")).ok());
  EXPECT_EQ(Read(Path("a")), "three");
  EXPECT_EQ(Read(Path("b")), "two");
}

TEST_F(AtomicFileTest, ALogIsCutBackToWholeLinesOnly) {
  LineFile file;
  ASSERT_TRUE(file.Open(Path("log")).ok());
  ASSERT_TRUE(file.Append("first").ok());
  const int64_t size = file.Sync().value();
  EXPECT_EQ(size, 6);
  ASSERT_TRUE(file.Append("second").ok());
  EXPECT_EQ(file.CutBack(4).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(file.CutBack(100).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Read(Path("log")), "first\nsecond\n");
  ASSERT_TRUE(file.CutBack(size).ok());
  ASSERT_TRUE(file.Append("third").ok());
  EXPECT_EQ(Read(Path("log")), "first\nthird\n");
}

}  // namespace
}  // namespace pdarts
