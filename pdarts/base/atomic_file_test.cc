#include "pdarts/base/atomic_file.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/system_calls_testing.h"
#include "pdarts/core/testing/test_folder.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class AtomicFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = TestFolder();
    ReportFileSizeLimitAsError();
    getrlimit(RLIMIT_FSIZE, &limit_);
  }
  void TearDown() override { setrlimit(RLIMIT_FSIZE, &limit_); }
  /// Simulates a disk that has only `bytes` bytes left.
  void LimitFileSize(rlim_t bytes) {
    rlimit limit = limit_;
    limit.rlim_cur = bytes;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  std::string Path(const std::string& name) const { return (directory_ / name).string(); }
  Directory Opened() const { return Directory::Open(directory_.string()).value(); }
  std::vector<std::string> Names() const { return Opened().List().value(); }

  std::filesystem::path directory_;
  rlimit limit_;
};

TEST_F(AtomicFileTest, ReplacesTheContent) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "one").ok());
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "two").ok());
  EXPECT_EQ(FileContent(Path("a")), "two");
  EXPECT_THAT(Names(), ElementsAre("a"));
}

TEST_F(AtomicFileTest, FullDiskLeavesTheOldContentAndNothingElse) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "old").ok());
  LimitFileSize(1000);
  const absl::Status status = WriteFileAtomically(Path("a"), std::string(5000, 'x'));
  LimitFileSize(limit_.rlim_cur);
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(Path("a")));
  EXPECT_EQ(FileContent(Path("a")), "old");
  EXPECT_THAT(Names(), ElementsAre("a"));
}

TEST_F(AtomicFileTest, AnAnswerToARenameThatGotLostIsNoError) {
  const LostAnswersToRenames lost;
  const absl::Status status = WriteFileAtomically(Path("a"), "new");
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(FileContent(Path("a")), "new");
  EXPECT_THAT(Names(), ElementsAre("a"));
}

TEST_F(AtomicFileTest, TwoWritersOfOneFileDoNotMeet) {
  // A user writes a file by hand beside the report of a search.
  const auto write = [&](char letter) {
    for (int i = 0; i < 50; ++i) {
      const absl::Status status = WriteFileAtomically(Path("a"), std::string(100000, letter));
      EXPECT_TRUE(status.ok()) << status;
    }
  };
  std::thread other(write, 'b');
  write('a');
  other.join();
  const std::string content = FileContent(Path("a"));
  EXPECT_TRUE(content == std::string(100000, 'a') || content == std::string(100000, 'b'));
  EXPECT_THAT(Names(), ElementsAre("a"));
}

TEST_F(AtomicFileTest, ALinkIsReplacedAndItsTargetStays) {
  ASSERT_TRUE(WriteFileAtomically(Path("victim"), "precious").ok());
  std::filesystem::create_symlink("victim", Path("a.tmp"));
  std::filesystem::create_symlink("victim", Path("a"));
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "new").ok());
  EXPECT_EQ(FileContent(Path("victim")), "precious");
  EXPECT_EQ(FileContent(Path("a")), "new");
  EXPECT_FALSE(std::filesystem::is_symlink(Path("a")));
}

TEST_F(AtomicFileTest, WhatIsNoFileIsNotReplaced) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  std::filesystem::create_directories(Path("folder"));
  EXPECT_THAT(std::string(WriteFileAtomically(Path("pipe"), "x").message()),
              HasSubstr("cannot write " + Path("pipe") + ": it is not a regular file"));
  EXPECT_THAT(std::string(WriteFileAtomically(Path("folder"), "x").message()),
              HasSubstr("it is a directory"));
  EXPECT_FALSE(WriteFileAtomically("/dev/null", "x").ok());
  EXPECT_THAT(Names(), ElementsAre("folder", "pipe"));
}

TEST_F(AtomicFileTest, TellsItsTemporariesFromOtherFiles) {
  EXPECT_TRUE(IsTemporaryOf("a.txt.0123456789abcdef.tmp", "a.txt"));
  EXPECT_TRUE(IsTemporaryOf("a.txt.tmp", "a.txt"));
  for (const char* name : {"a.txt", "a.txt.0123456789abcde.tmp", "a.txt.0123456789abcdef", "b.tmp",
                           "a.txt.0123456789abcdeg.tmp", "a.txtx.tmp", ".tmp", "a.txt..tmp"}) {
    EXPECT_FALSE(IsTemporaryOf(name, "a.txt")) << name;
  }
}

TEST_F(AtomicFileTest, PathBelowAFileIsAnErrorThatNamesIt) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "old").ok());
  const absl::Status status = WriteFileAtomically(Path("a/b"), "new");
  EXPECT_THAT(std::string(status.message()), HasSubstr(Path("a/b")));
  EXPECT_THAT(std::string(status.message()), HasSubstr("Not a directory"));
}

TEST_F(AtomicFileTest, HalfALineIsTakenBack) {
  LineFile file;
  ASSERT_TRUE(file.Open(Opened(), "log").ok());
  ASSERT_TRUE(file.Append("first").ok());
  LimitFileSize(10);
  const absl::Status status = file.Append("a line that does not fit");
  LimitFileSize(limit_.rlim_cur);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(FileContent(Path("log")), "first\n");
  ASSERT_TRUE(file.Append("second").ok());
  EXPECT_EQ(FileContent(Path("log")), "first\nsecond\n");
}

TEST_F(AtomicFileTest, KeepsTheOldContentUnderAnotherName) {
  for (const char* content : {"one", "two", "three"}) {
    ASSERT_TRUE(WriteFileAtomically(Opened(), "a", content, "b").ok());
  }
  EXPECT_EQ(FileContent(Path("a")), "three");
  EXPECT_EQ(FileContent(Path("b")), "two");
  LimitFileSize(1000);
  EXPECT_FALSE(WriteFileAtomically(Opened(), "a", std::string(5000, 'x'), "b").ok());
  EXPECT_EQ(FileContent(Path("a")), "three");
  EXPECT_EQ(FileContent(Path("b")), "two");
}

TEST_F(AtomicFileTest, AGrowingFileFollowsNoLink) {
  ASSERT_TRUE(WriteFileAtomically(Path("victim"), "precious").ok());
  std::filesystem::create_symlink("victim", Path("log"));
  LineFile file;
  EXPECT_THAT(std::string(file.Open(Opened(), "log").message()),
              HasSubstr(Path("log") + ": it is a symbolic link"));
  EXPECT_EQ(FileContent(Path("victim")), "precious");
}

TEST_F(AtomicFileTest, ALogIsCutBackToWholeLinesOnly) {
  LineFile file;
  ASSERT_TRUE(file.Open(Opened(), "log").ok());
  ASSERT_TRUE(file.Append("first").ok());
  const int64_t size = file.Sync().value();
  EXPECT_EQ(size, 6);
  ASSERT_TRUE(file.Append("second").ok());
  EXPECT_EQ(file.CutBack(4).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(file.CutBack(100).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(FileContent(Path("log")), "first\nsecond\n");
  ASSERT_TRUE(file.CutBack(size).ok());
  ASSERT_TRUE(file.Append("third").ok());
  EXPECT_EQ(FileContent(Path("log")), "first\nthird\n");
}

}  // namespace
}  // namespace pdarts
