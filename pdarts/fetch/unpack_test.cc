#include "pdarts/fetch/unpack.h"

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/file.h"
#include "pdarts/core/testing/test_folder.h"
#include "pdarts/fetch/testing.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr int64_t kMaxBytes = 1 << 20;

class UnpackTest : public ::testing::Test {
 protected:
  UnpackTest() {
    root_ = TestFolder();
    folder_ = root_ + "/folder";
  }
  ~UnpackTest() override { fs::remove_all(root_); }

  absl::Status UnpackBytes(const std::string& bytes) const {
    const std::string file = root_ + "/archive.tar.gz";
    std::ofstream(file, std::ios::binary) << bytes;
    return Unpack(file, folder_, kMaxBytes);
  }
  /// Expects that the archive is refused, and that no file is written outside of the folder.
  std::string Refusal(const std::vector<TarEntry>& entries) const {
    fs::remove_all(folder_);
    const absl::Status status = UnpackBytes(MakeTarGz(entries));
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_FALSE(fs::exists(root_ + "/evil"));
    EXPECT_FALSE(fs::exists(folder_ + "/data/evil"));
    return std::string(status.message());
  }

  std::string root_, folder_;
};

TEST_F(UnpackTest, FilesAndFolders) {
  const std::string large(300000, 'x');
  const absl::Status status = UnpackBytes(MakeTarGz(
      {{"data/", ""}, {"data/a.bin", large}, {"./data/deep/er/b.txt", "b"}, {"data/empty", ""}}));
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(ReadFile(folder_ + "/data/a.bin").value() == large);
  EXPECT_EQ(ReadFile(folder_ + "/data/deep/er/b.txt").value(), "b");
  EXPECT_EQ(fs::file_size(folder_ + "/data/empty"), 0u);
  EXPECT_EQ(UnpackBytes(MakeTarGz({})).code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(UnpackTest, NoPathLeavesTheFolder) {
  for (const char* path : {"../evil", "data/../../evil", "..", "data/.."}) {
    EXPECT_THAT(Refusal({{"data/a", "a"}, {path, "evil"}}), HasSubstr("which leaves the folder"))
        << path;
  }
  EXPECT_THAT(Refusal({{root_ + "/evil", "evil"}}), HasSubstr("which leaves the folder"));
}

TEST_F(UnpackTest, NothingButFilesAndFolders) {
  TarEntry link = {"data/link", "", /*symbolic_link=*/".."};
  EXPECT_THAT(Refusal({link, {"data/link/evil", "evil"}}),
              HasSubstr("neither a file nor a folder"));
  TarEntry hard = {"data/link", "", "", /*hard_link=*/"/etc/passwd"};
  EXPECT_THAT(Refusal({hard}), HasSubstr("neither a file nor a folder"));
  TarEntry fifo = {"data/fifo", "", "", "", /*fifo=*/true};
  EXPECT_THAT(Refusal({fifo}), HasSubstr("neither a file nor a folder"));
  EXPECT_FALSE(fs::exists(folder_ + "/data/fifo"));
}

TEST_F(UnpackTest, AFileIsNotWrittenTwice) {
  EXPECT_EQ(UnpackBytes(MakeTarGz({{"data/a", "a"}, {"data/a", "b"}})).code(),
            absl::StatusCode::kAlreadyExists);
}

TEST_F(UnpackTest, ABombIsRefused) {
  EXPECT_THAT(Refusal({{"data/a", std::string(kMaxBytes / 2, '\0')},
                       {"data/b", std::string(kMaxBytes, '\0')}}),
              HasSubstr("unpacks to more than it should"));
  int64_t written = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    if (entry.is_regular_file()) written += static_cast<int64_t>(entry.file_size());
  }
  EXPECT_LE(written, kMaxBytes);
}

TEST_F(UnpackTest, DamageIsNoticedOrHarmless) {
  std::mt19937 random(1);
  std::string content;
  for (int i = 0; i < 5000; ++i) content += static_cast<char>(random());
  const std::string whole = MakeTarGz({{"data/a", content}, {"data/b", content}});
  int refused = 0;
  constexpr size_t kStep = 397;
  for (size_t size = 0; size < whole.size(); size += kStep) {
    fs::remove_all(folder_);
    if (!UnpackBytes(whole.substr(0, size)).ok()) ++refused;
  }
  EXPECT_GT(refused, static_cast<int>(whole.size() / kStep) - 2);
  for (int trial = 0; trial < 100; ++trial) {
    std::string damaged = whole;
    for (int flips = 0; flips < 1 + trial % 3; ++flips) {
      const size_t bit = random() % (8 * damaged.size());
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    }
    fs::remove_all(folder_);
    UnpackBytes(damaged).IgnoreError();  // it must not crash
  }
  fs::remove_all(folder_);
  EXPECT_EQ(UnpackBytes("no archive at all").code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace pdarts
