#include "pdarts/fetch/fetch.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/file.h"
#include "pdarts/base/sha256.h"
#include "pdarts/core/testing/test_folder.h"
#include "pdarts/fetch/sha1.h"
#include "pdarts/fetch/testing.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class FetchTest : public ::testing::Test {
 protected:
  FetchTest() {
    root_ = TestPath();
    data_dir_ = root_ + "/data";
    options_.pause_seconds = 0.001;
    SetContent(MakeTarGz({{"toy-bin/", ""},
                          {"toy-bin/train.bin", std::string(5000, 't')},
                          {"toy-bin/test.bin", "test"},
                          {"toy-bin/readme.html", "read"}}));
    archive_.name = "toy";
    archive_.title = "Toy, binary version";
    archive_.url = "https://nowhere.invalid/files/toy.tar.gz";
    archive_.folder = "toy-bin";
    archive_.files = {{"train.bin", 5000, Sha1Of(std::string(5000, 't'))},
                      {"test.bin", 4, Sha1Of("test")}};
  }
  ~FetchTest() override { fs::remove_all(root_); }

  static std::string Sha1Of(const std::string& content) {
    const std::string path = ::testing::TempDir() + "/content";
    std::ofstream(path) << content;
    return Sha1OfFile(path).value();
  }
  void SetContent(std::string content) {
    content_ = std::move(content);
    archive_.bytes = static_cast<int64_t>(content_.size());
    archive_.sha256 = Sha256Of(content_).Hex();
  }
  absl::StatusOr<Fetched> FetchArchive() {
    return Fetch(archive_, server_.Url("/toy.tar.gz"), data_dir_, options_);
  }
  /// Expects that the data exist, and nothing else.
  void ExpectOnlyData() const {
    EXPECT_EQ(ReadFile(data_dir_ + "/toy-bin/test.bin").value(), "test");
    EXPECT_EQ(ReadFile(data_dir_ + "/toy-bin/readme.html").value(), "read");
    EXPECT_EQ(std::distance(fs::directory_iterator(data_dir_), fs::directory_iterator()), 1);
  }

  std::string root_, data_dir_, content_;
  PublishedArchive archive_;
  DownloadOptions options_;
  TestServer server_{
      [this](const TestServer::Request& request) { return ProperResponse(request, content_); }};
};

TEST_F(FetchTest, DownloadsUnpacksAndIsDone) {
  auto fetched = FetchArchive();
  ASSERT_TRUE(fetched.ok()) << fetched.status();
  EXPECT_EQ(fetched->folder, data_dir_ + "/toy-bin");
  EXPECT_FALSE(fetched->was_there);
  ExpectOnlyData();
  fetched = FetchArchive();
  ASSERT_TRUE(fetched.ok()) << fetched.status();
  EXPECT_TRUE(fetched->was_there);
  EXPECT_EQ(server_.requests(), 1);
  ExpectOnlyData();
}

TEST_F(FetchTest, WhatAKilledFetchLeftIsNotTakenForData) {
  // The process was killed while it unpacked the archive.
  fs::create_directories(data_dir_ + "/.toy-bin.unpacking/toy-bin");
  std::ofstream(data_dir_ + "/.toy-bin.unpacking/toy-bin/train.bin") << "half";
  std::ofstream(data_dir_ + "/.toy-bin.lock") << "1\n";
  const auto fetched = FetchArchive();
  ASSERT_TRUE(fetched.ok()) << fetched.status();
  EXPECT_FALSE(fetched->was_there);
  ExpectOnlyData();
}

TEST_F(FetchTest, ALinkInPlaceOfTheLockIsNotFollowed) {
  fs::create_directories(data_dir_);
  std::ofstream(root_ + "/victim") << "precious";
  fs::create_symlink(root_ + "/victim", data_dir_ + "/.toy-bin.lock");
  EXPECT_THAT(std::string(FetchArchive().status().message()),
              HasSubstr(".toy-bin.lock: it is a symbolic link"));
  EXPECT_EQ(ReadFile(root_ + "/victim").value(), "precious");
  EXPECT_EQ(server_.requests(), 0);
}

TEST_F(FetchTest, AnArchiveThatLiesThereIsUsedAndKept) {
  fs::create_directories(data_dir_);
  std::ofstream(data_dir_ + "/toy.tar.gz", std::ios::binary) << content_;
  ASSERT_TRUE(FetchArchive().ok());
  EXPECT_EQ(server_.requests(), 0);
  EXPECT_TRUE(fs::exists(data_dir_ + "/toy.tar.gz"));
  EXPECT_TRUE(fs::exists(data_dir_ + "/toy-bin/train.bin"));
}

TEST_F(FetchTest, AnotherFolderOfThatNameIsLeftAlone) {
  fs::create_directories(data_dir_ + "/toy-bin");
  std::ofstream(data_dir_ + "/toy-bin/train.bin") << "mine";
  const absl::Status status = FetchArchive().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("toy-bin exists, but is not Toy, binary version"),
                    HasSubstr("train.bin: has 4 bytes, expected 5000"), HasSubstr("move it away")));
  EXPECT_EQ(ReadFile(data_dir_ + "/toy-bin/train.bin").value(), "mine");
  EXPECT_EQ(server_.requests(), 0);
}

TEST_F(FetchTest, AFileOfTheRightSizeWithAnotherContentIsNotTakenForRight) {
  ASSERT_TRUE(FetchArchive().ok());
  const std::string other(5000, 'x');
  std::ofstream(data_dir_ + "/toy-bin/train.bin") << other;
  const absl::Status status = FetchArchive().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("toy-bin exists, but is not Toy, binary version"),
                    HasSubstr(absl::StrCat("train.bin: its SHA-1 is ", Sha1Of(other), ", expected ",
                                           archive_.files[0].sha1)),
                    HasSubstr("move it away")));
  EXPECT_EQ(ReadFile(data_dir_ + "/toy-bin/train.bin").value(), other);
  EXPECT_EQ(server_.requests(), 1);
}

TEST_F(FetchTest, WhatDoesNotHoldTheDataIsNoData) {
  SetContent(MakeTarGz({{"toy-bin/train.bin", "short"}, {"toy-bin/test.bin", "test"}}));
  EXPECT_THAT(std::string(FetchArchive().status().message()),
              HasSubstr("train.bin: has 5 bytes, expected 5000"));
  EXPECT_FALSE(fs::exists(data_dir_ + "/toy-bin"));
  EXPECT_FALSE(fs::exists(data_dir_ + "/.toy-bin.unpacking"));
  SetContent(MakeTarGz({{"../toy-bin/train.bin", std::string(5000, 't')}}));
  fs::remove_all(data_dir_);
  EXPECT_THAT(std::string(FetchArchive().status().message()), HasSubstr("which leaves the folder"));
  EXPECT_FALSE(fs::exists(data_dir_ + "/toy-bin"));
}

TEST_F(FetchTest, WhereNothingCanBeWritten) {
  std::ofstream(root_) << "a file";
  EXPECT_THAT(std::string(FetchArchive().status().message()),
              HasSubstr("cannot make the data folder"));
}

TEST(PublishedArchives, AreTheTwoOfCifar) {
  const auto& archives = PublishedArchives();
  ASSERT_EQ(archives.size(), 2u);
  for (const PublishedArchive& archive : archives) {
    EXPECT_EQ(archive.sha256.size(), 64u);
    EXPECT_EQ(archive.sha256.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_TRUE(absl::StartsWith(archive.url, "https://www.cs.toronto.edu/~kriz/"));
    EXPECT_TRUE(absl::EndsWith(archive.url, "-binary.tar.gz"));
    int64_t bytes = 0;
    for (const PublishedFile& file : archive.files) {
      bytes += file.bytes;
      EXPECT_EQ(file.sha1.size(), 40u);
      EXPECT_EQ(file.sha1.find_first_not_of("0123456789abcdef"), std::string::npos);
    }
    EXPECT_GT(bytes, archive.bytes);
  }
}

}  // namespace
}  // namespace pdarts
