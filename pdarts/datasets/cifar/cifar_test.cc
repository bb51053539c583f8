#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/registry.h"
#include "pdarts/datasets/cifar/cifar.pb.h"
#include "pdarts/datasets/cifar/records.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class CifarTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) /
              ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }

  /// A file of records; record r has labels[r % n] and pixels of value r.
  std::string Write(const std::string& name, int records, std::vector<std::string> labels,
                    int extra_bytes = 0) {
    std::string content;
    for (int r = 0; r < records; ++r) {
      content += labels[r % labels.size()] + std::string(3072, static_cast<char>(r));
    }
    if (extra_bytes < 0) content.resize(content.size() + extra_bytes);
    if (extra_bytes > 0) content.append(extra_bytes, 'x');
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return (folder_ / name).string();
  }

  static absl::StatusOr<ImageSplit> Read(const std::vector<std::string>& files,
                                         cifar::RecordFormat format = {{10}, 0}) {
    Sha256 checksum;
    return cifar::ReadRecords(files, format, 3, &checksum);
  }

  template <class Config>
  static absl::StatusOr<DatasetSplits> Load(const Config& config, const std::string& data_dir) {
    google::protobuf::Any any;
    any.PackFrom(config);
    return Registry<Dataset>::Create(any).value()->Load({data_dir});
  }

  fs::path folder_;
};

TEST_F(CifarTest, ReadsFilesOneAfterTheOther) {
  const auto split = Read({Write("a", 3, {"\1", "\2"}), Write("b", 3, {"\7"})});
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_EQ(split->images.sizes(), (at::IntArrayRef{6, 3, 32, 32}));
  const int64_t labels[] = {1, 2, 1, 7, 7, 7};
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(split->labels[i].item<int64_t>(), labels[i]);
    EXPECT_TRUE(split->images[i].eq(i % 3).all().item<bool>());
  }
}

TEST_F(CifarTest, TakesTheLabelByteThatIsAskedFor) {
  const std::string file = Write("a", 3, {"\5\77"});
  EXPECT_EQ(Read({file}, {{20, 100}, 0})->labels[0].item<int64_t>(), 5);
  EXPECT_EQ(Read({file}, {{20, 100}, 1})->labels[0].item<int64_t>(), 63);
}

TEST_F(CifarTest, TruncatedAndOverlongFilesAreNamedWithTheirLength) {
  const std::string truncated = Write("short.bin", 3, {"\1"}, -1);
  EXPECT_THAT(Read({truncated}).status().ToString(),
              AllOf(HasSubstr(truncated), HasSubstr("has 9218 bytes, expected 9219"),
                    HasSubstr("truncated")));
  EXPECT_THAT(Read({Write("long.bin", 3, {"\1"}, 1)}).status().ToString(),
              AllOf(HasSubstr("has 9220 bytes"), HasSubstr("too long")));
}

TEST_F(CifarTest, LabelsOutOfRangeAreNamedWithFileAndRecord) {
  const std::string file = Write("a.bin", 3, {"\1", "\12"});
  EXPECT_THAT(
      Read({file}).status().ToString(),
      AllOf(HasSubstr(file), HasSubstr("record 1: label byte 0 is 10, expected less than 10")));
  // Both bytes of CIFAR-100 are checked, whichever is the label.
  EXPECT_THAT(Read({Write("b", 3, {"\24\1"})}, {{20, 100}, 1}).status().ToString(),
              HasSubstr("record 0: label byte 0 is 20, expected less than 20"));
  EXPECT_THAT(Read({Write("c", 3, {"\1\144"})}, {{20, 100}, 0}).status().ToString(),
              HasSubstr("record 0: label byte 1 is 100, expected less than 100"));
}

TEST_F(CifarTest, AMissingFolderSaysWhereItLookedAndHowToGetTheData) {
  cifar::Cifar10Config config;
  EXPECT_THAT(Load(config, folder_.string()).status().ToString(),
              AllOf(HasSubstr((folder_ / "cifar-10-batches-bin").string()),
                    HasSubstr("--data_dir, PDARTS_DATA_DIR"), HasSubstr("https://")));
  EXPECT_THAT(Load(config, "").status().ToString(), HasSubstr("no data folder is given"));
}

TEST_F(CifarTest, TheFlagsFolderGoesBeforeTheConfigs) {
  cifar::Cifar100Config config;
  config.set_data_dir((folder_ / "config").string());
  EXPECT_THAT(Load(config, (folder_ / "flag").string()).status().ToString(), HasSubstr("/flag/"));
  EXPECT_THAT(Load(config, "").status().ToString(), HasSubstr("/config/"));
}

TEST_F(CifarTest, AMissingFileIsNamed) {
  fs::create_directories(folder_ / "cifar-10-batches-bin");
  EXPECT_THAT(Load(cifar::Cifar10Config(), folder_.string()).status().ToString(),
              AllOf(HasSubstr("data_batch_1.bin"), HasSubstr("No such file")));
}

TEST_F(CifarTest, ReadsTheWholeOfCifar100) {
  Write("cifar-100-binary/train.bin", 50000, {std::string("\0\0", 2), "\23\143"});
  Write("cifar-100-binary/test.bin", 10000, {"\1\2"});
  const auto splits = Load(cifar::Cifar100Config(), folder_.string());
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_EQ(splits->train.labels[1].item<int64_t>(), 99);
  EXPECT_EQ(splits->test.labels.size(0), 10000);
  EXPECT_THAT(splits->checksum, ::testing::StartsWith("sha256:"));
  cifar::Cifar100Config coarse;
  coarse.set_labels(cifar::Cifar100Config::COARSE);
  EXPECT_EQ(Load(coarse, folder_.string())->train.labels[1].item<int64_t>(), 19);
  fs::remove_all(folder_);
}

}  // namespace
}  // namespace pdarts
