#include "pdarts/datasets/cifar/records.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/testing/test_folder.h"

namespace pdarts::cifar {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const RecordFormat kOneLabel = {{{"label", 10}}, 0};
const RecordFormat kFine = {{{"coarse label", 20}, {"fine label", 100}}, 1};

class RecordsTest : public ::testing::Test {
 protected:
  void SetUp() override { directory_ = TestFolder(); }
  std::string Write(const std::string& name, const std::string& bytes) {
    const std::string path = (directory_ / name).string();
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  std::filesystem::path directory_;
};

/// Label bytes, followed by an image whose bytes depend on their places: first + 7 * index, modulo
/// 256.
std::string Record(const std::string& labels, int first) {
  std::string bytes = labels;
  for (int i = 0; i < kImageBytes; ++i) bytes += static_cast<char>(first + 7 * i);
  return bytes;
}

TEST_F(RecordsTest, ReadsFilesOneBehindTheOther) {
  const std::string a = Record("\3", 200) + Record("\11", 5);
  const std::string b = Record(std::string(1, '\0'), 77);
  Sha256 checksum;
  const auto split = ReadRecords({{Write("a", a), 2}, {Write("b", b), 1}}, kOneLabel, &checksum);
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_EQ(split->images.sizes(), at::IntArrayRef({3, 3, 32, 32}));
  EXPECT_EQ(split->images.scalar_type(), at::kByte);
  const auto labels = split->labels.accessor<int64_t, 1>();
  EXPECT_EQ(labels[0], 3);
  EXPECT_EQ(labels[1], 9);
  EXPECT_EQ(labels[2], 0);
  const auto images = split->images.accessor<uint8_t, 4>();
  const int first[] = {200, 5, 77};
  for (int n = 0; n < 3; ++n) {
    for (int i = 0; i < kImageBytes; ++i) {
      ASSERT_EQ(images[n][i / 1024][i / 32 % 32][i % 32], (first[n] + 7 * i) % 256)
          << "image " << n << ", byte " << i;
    }
  }
  EXPECT_EQ(checksum.Hex(), Sha256Of(a + b).Hex());
}

TEST_F(RecordsTest, TakesTheLabelThatIsAskedFor) {
  const std::string path = Write("a", Record("\23\143", 0) + Record("\1\2", 0));
  RecordFormat format = kFine;
  auto split = ReadRecords({{path, 2}}, format, nullptr);
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_EQ((split->labels.accessor<int64_t, 1>()[0]), 99);
  EXPECT_EQ((split->labels.accessor<int64_t, 1>()[1]), 2);
  format.used_label = 0;
  split = ReadRecords({{path, 2}}, format, nullptr);
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_EQ((split->labels.accessor<int64_t, 1>()[0]), 19);
  EXPECT_EQ((split->labels.accessor<int64_t, 1>()[1]), 1);
}

TEST_F(RecordsTest, NamesFileAndRecordOfAWrongLabel) {
  const std::string good = Write("good", Record("\1", 0) + Record("\2", 0));
  const std::string bad = Write("bad", Record("\1", 0) + Record("\12", 0));
  absl::Status status = ReadRecords({{good, 2}, {bad, 2}}, kOneLabel, nullptr).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(status.message(), bad + ": record 1: label 10 is not in [0, 10)");
  // Both labels are checked, including the unused one. 200 is not read as a negative number.
  const std::string coarse = Write("coarse", Record("\24\143", 0));
  EXPECT_THAT(ReadRecords({{coarse, 1}}, kFine, nullptr).status().message(),
              HasSubstr("record 0: coarse label 20 is not in [0, 20)"));
  const std::string fine = Write("fine", Record("\23\310", 0));
  EXPECT_THAT(ReadRecords({{fine, 1}}, kFine, nullptr).status().message(),
              HasSubstr("record 0: fine label 200 is not in [0, 100)"));
}

TEST_F(RecordsTest, WrongLength) {
  const std::string two = Record("\1", 0) + Record("\2", 0);
  const std::string cut = Write("cut", two.substr(0, two.size() - 1));
  absl::Status status = ReadRecords({{cut, 2}}, kOneLabel, nullptr).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(cut), HasSubstr("has 6145 bytes, expected 6146"),
                    HasSubstr("truncated, it ends in record 1")));
  const std::string extra = Write("extra", two + "x");
  status = ReadRecords({{extra, 2}}, kOneLabel, nullptr).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(extra), HasSubstr("it continues after record 1")));
  EXPECT_EQ(ReadRecords({{Write("empty", ""), 2}}, kOneLabel, nullptr).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST_F(RecordsTest, MissingOrNoFile) {
  const std::string path = (directory_ / "none").string();
  absl::Status status = ReadRecords({{path, 1}}, kOneLabel, nullptr).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), path + ": No such file or directory");
  status = ReadRecords({{directory_.string(), 1}}, kOneLabel, nullptr).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("not a regular file"));
  const std::string pipe = (directory_ / "pipe").string();
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(ReadRecords({{pipe, 1}}, kOneLabel, nullptr).status().message(),
              HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace pdarts::cifar
