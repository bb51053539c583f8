#include "pdarts/base/directory.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/system_calls_testing.h"
#include "pdarts/core/testing/test_folder.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DirectoryTest : public ::testing::Test {
 protected:
  void SetUp() override { folder_ = fs::canonical(TestFolder()); }
  Directory Opened() const { return Directory::Open(folder_.string()).value(); }
  void Write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }

  fs::path folder_;
};

TEST_F(DirectoryTest, StaysTheOneThatWasOpened) {
  const Directory directory = Opened();
  Write("a", "first");
  fs::rename(folder_, folder_.string() + ".moved");
  fs::create_directories(folder_);
  Write("a", "second");
  EXPECT_EQ(directory.ReadFile("a").value(), "first");
  ASSERT_TRUE(directory.Rename("a", "b").ok());
  EXPECT_THAT(directory.List().value(), ElementsAre("b"));
  ASSERT_TRUE(directory.Remove("b").ok());
  EXPECT_THAT(directory.List().value(), ElementsAre());
  EXPECT_THAT(Opened().List().value(), ElementsAre("a"));
  fs::remove_all(folder_.string() + ".moved");
  EXPECT_FALSE(directory.OpenFile("c", O_WRONLY | O_CREAT).ok());
}

TEST_F(DirectoryTest, KnowsWhetherANameStillLeadsToAFile) {
  const Directory directory = Opened();
  const FileDescriptor file = directory.OpenFile("a", O_WRONLY | O_CREAT).value();
  EXPECT_TRUE(directory.Leads("a", file).value());
  EXPECT_FALSE(directory.Leads("b", file).value());
  fs::rename(folder_ / "a", folder_ / "b");
  Write("a", "another");
  EXPECT_FALSE(directory.Leads("a", file).value());
  fs::remove(folder_ / "a");
  fs::create_symlink("b", folder_ / "a");
  EXPECT_FALSE(directory.Leads("a", file).value());
}

TEST_F(DirectoryTest, FollowsNoLinks) {
  const Directory directory = Opened();
  Write("victim", "precious");
  fs::create_symlink("victim", folder_ / "link");
  EXPECT_THAT(directory.ReadFile("link").status().message(), HasSubstr("it is a symbolic link"));
  EXPECT_THAT(directory.OpenFile("link", O_WRONLY | O_CREAT).status().message(),
              HasSubstr("it is a symbolic link"));
  EXPECT_EQ(directory.KindOf("link").value(), fs::file_type::symlink);
  EXPECT_EQ(directory.KindOf("victim").value(), fs::file_type::regular);
  EXPECT_EQ(directory.KindOf("none").value(), fs::file_type::not_found);
  ASSERT_TRUE(directory.Remove("link").ok());
  EXPECT_EQ(directory.ReadFile("victim").value(), "precious");
}

TEST_F(DirectoryTest, WaitsForNoPipe) {
  const Directory directory = Opened();
  ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  for (const int flags : {O_RDONLY, O_WRONLY | O_CREAT, O_RDWR}) {
    EXPECT_THAT(directory.OpenFile("pipe", flags).status().message(),
                HasSubstr("it is not a regular file"));
  }
}

TEST_F(DirectoryTest, ANameIsOneComponent) {
  const Directory directory = Opened();
  fs::create_directories(folder_ / "below");
  Write("below/a", "x");
  for (const char* name : {"", ".", "..", "below/a", "/etc/passwd", "../a"}) {
    EXPECT_EQ(directory.OpenFile(name, O_RDONLY).status().code(),
              absl::StatusCode::kInvalidArgument)
        << name;
    EXPECT_EQ(directory.Remove(name).code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(directory.Rename("b", name).code(), absl::StatusCode::kInvalidArgument) << name;
  }
  EXPECT_TRUE(directory.Remove("none").ok());
  EXPECT_FALSE(directory.Remove("below").ok());
  EXPECT_TRUE(absl::IsNotFound(directory.Rename("none", "b")));
}

TEST_F(DirectoryTest, SyncsTheParentOfEachDirectoryThatItMakes) {
  const RecordedSyncs syncs;
  ASSERT_TRUE(Directory::Create((folder_ / "a/b/").string()).ok());
  EXPECT_THAT(syncs.paths(), ElementsAre(folder_.string(), (folder_ / "a").string()));
  ASSERT_TRUE(Directory::Create((folder_ / "a/b").string()).ok());
  EXPECT_EQ(syncs.paths().size(), 2u);
}

TEST_F(DirectoryTest, SaysWhyADirectoryCannotBeOpened) {
  EXPECT_TRUE(absl::IsNotFound(Directory::Open((folder_ / "none").string()).status()));
  Write("a", "x");
  for (const auto& opened : {Directory::Open((folder_ / "a/b").string()).status(),
                             Directory::Create((folder_ / "a/b").string()).status()}) {
    EXPECT_THAT(opened.message(), HasSubstr("cannot open the directory"));
    EXPECT_THAT(opened.message(), HasSubstr((folder_ / "a/b").string()));
    EXPECT_THAT(opened.message(), HasSubstr("Not a directory"));
  }
  fs::create_symlink("nowhere", folder_ / "dangling");
  EXPECT_FALSE(Directory::Create((folder_ / "dangling").string()).ok());
  EXPECT_TRUE(Directory::Open("").ok());
}

}  // namespace
}  // namespace pdarts
