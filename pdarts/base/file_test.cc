#include "pdarts/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/system_calls_testing.h"
#include "pdarts/core/testing/test_folder.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override { folder_ = TestFolder(); }
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  std::string Write(const std::string& name, const std::string& content) const {
    std::ofstream(Path(name), std::ios::binary) << content;
    return Path(name);
  }

  fs::path folder_;
};

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

TEST_F(FileTest, ReadsAllBytes) {
  for (const size_t size : {0, 1, 65535, 65536, 65537, 300000}) {
    std::string content(size, 'x');
    for (size_t i = 0; i < size; i += 1000) content[i] = static_cast<char>(i);
    EXPECT_TRUE(ReadFile(Write("a", content)).value() == content) << size;
  }
  // A file of the kernel, whose size is reported as 0.
  EXPECT_THAT(ReadFile("/proc/self/status").value(), HasSubstr("Name:"));
}

TEST_F(FileTest, SaysWhyAFileCannotBeRead) {
  const absl::Status missing = ReadFile(Path("none")).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(missing.message(), "cannot read " + Path("none") + ": No such file or directory");
  Write("a", "");
  EXPECT_EQ(ReadFile(Path("a/b")).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(ReadFile(folder_.string()).status().message(), HasSubstr("it is a directory"));
  fs::create_symlink("loop", folder_ / "loop");
  EXPECT_FALSE(ReadFile(Path("loop")).ok());
  if (geteuid() == 0) return;  // root may read everything
  fs::permissions(Write("closed", "x"), fs::perms::none);
  EXPECT_EQ(ReadFile(Path("closed")).status().code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(FileTest, AnErrorInTheMiddleIsNotTheEnd) {
  const std::string content(100000, 'x');
  Write("a", content);
  for (const int error : {EIO, ESTALE}) {
    for (const size_t bytes : {0, 1, 4096, 99999}) {
      const FailingReads failing("/a", error, bytes);
      const absl::StatusOr<std::string> read = ReadFile(Path("a"));
      EXPECT_FALSE(read.ok()) << bytes << " bytes were read as the whole file";
      EXPECT_NE(read.status().code(), absl::StatusCode::kDataLoss);
      EXPECT_NE(read.status().code(), absl::StatusCode::kNotFound);
      EXPECT_THAT(std::string(read.status().message()), HasSubstr("cannot read " + Path("a")));
    }
  }
  EXPECT_TRUE(ReadFile(Path("a")).value() == content);
}

TEST_F(FileTest, ANamedPipeIsRefusedInsteadOfWaitedFor) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  EXPECT_THAT(ReadFile(Path("pipe")).status().message(), HasSubstr("it is not a regular file"));
  EXPECT_THAT(OpenForAppending(Path("pipe")).status().message(),
              HasSubstr("it is not a regular file"));
  EXPECT_THAT(ReadFile("/dev/zero").status().message(), HasSubstr("it is not a regular file"));
}

TEST_F(FileTest, AUsersTextMayComeFromAPipe) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  const std::string content(200000, 'x');
  std::thread writer([&] { std::ofstream(Path("pipe")) << content; });
  const absl::StatusOr<std::string> read = ReadFileOrPipe(Path("pipe"));
  writer.join();
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(*read == content);
  EXPECT_EQ(ReadFileOrPipe(Write("a", "text")).value(), "text");
  EXPECT_EQ(ReadFileOrPipe(Path("none")).status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(ReadFileOrPipe(folder_.string()).ok());
  EXPECT_EQ(ReadFileOrPipe("/dev/zero").status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(FileTest, LinksAreFollowedForReadingOnly) {
  Write("victim", "precious");
  fs::create_symlink("victim", folder_ / "link");
  EXPECT_EQ(ReadFile(Path("link")).value(), "precious");
  EXPECT_THAT(OpenForAppending(Path("link")).status().message(),
              HasSubstr("cannot write " + Path("link") + ": it is a symbolic link"));
  fs::create_symlink("new", folder_ / "dangling");
  EXPECT_FALSE(OpenForAppending(Path("dangling")).ok());
  EXPECT_FALSE(fs::exists(Path("new")));
  fs::create_hard_link(Path("victim"), Path("second"));
  EXPECT_THAT(OpenForAppending(Path("second")).status().message(), HasSubstr("hard link"));
  EXPECT_EQ(Content(Path("victim")), "precious");
}

TEST_F(FileTest, AppendsToWhatIsThere) {
  for (int i = 0; i < 2; ++i) {
    const absl::StatusOr<FileDescriptor> file = OpenForAppending(Path("a"));
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_EQ(write(file->number(), "x", 1), 1);
    EXPECT_EQ(fcntl(file->number(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  }
  EXPECT_EQ(Content(Path("a")), "xx");
}

TEST_F(FileTest, ADescriptorIsClosedOnce) {
  FileDescriptor first = OpenForAppending(Path("a")).value();
  const int number = first.number();
  {
    const FileDescriptor second = std::move(first);
    EXPECT_EQ(second.number(), number);
    EXPECT_GE(fcntl(number, F_GETFD), 0);
  }
  EXPECT_LT(fcntl(number, F_GETFD), 0);
  EXPECT_FALSE(FileDescriptor().is_open());
}

}  // namespace
}  // namespace pdarts
