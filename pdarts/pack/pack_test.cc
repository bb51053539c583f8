#include "pdarts/pack/pack.h"

#include <csignal>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/any.pb.h"
#include "gtest/gtest.h"
#include "pdarts/base/file.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/testing/test_folder.h"
#include "pdarts/datasets/image_shards/image_shards.pb.h"
#include "pdarts/images/testing.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using images::PlainJpeg;
using images::PlainPng;
using images::WriteFile;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PackTest : public ::testing::Test {
 protected:
  PackTest() {
    // A death test runs from its beginning in a separate process.
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    folder_ = TestPath();
    images::WriteImageFolder(Path("from"), /*classes=*/3, /*images=*/10);
    WriteFile(Path("from/train/class_1/large.jpg"), PlainJpeg(90, 60, 85, 100, 200));
    options_.from = Path("from");
    options_.to = Path("to");
    options_.side = 32;
    options_.images_per_shard = 8;
  }
  ~PackTest() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return absl::StrCat(folder_, "/", name); }

  /// The bytes of all files of a folder.
  static std::map<std::string, std::string> FilesOf(const std::string& folder) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(folder)) {
      files[entry.path().filename().string()] = ReadFile(entry.path().string()).value();
    }
    return files;
  }
  absl::StatusOr<DatasetSplits> Load() const {
    image_shards::ImageShardsConfig config;
    config.set_folder(options_.to);
    config.set_classes(3);
    config.set_memory_megabytes(0);
    google::protobuf::Any any;
    any.PackFrom(config);
    return Registry<Dataset>::Create(any).value()->Load({});
  }

  std::string folder_;
  PackOptions options_;
};

TEST_F(PackTest, TheDatasetReadsWhatWasPacked) {
  int64_t done = 0, all = 0;
  options_.progress = [&](int64_t of, int64_t images) {
    EXPECT_GT(of, done);
    done = of;
    all = images;
  };
  const auto report = Pack(options_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->train_images, 31);
  EXPECT_EQ(report->test_images, 15);
  EXPECT_EQ(report->left_out, 0);
  EXPECT_EQ(report->shards, 4 + 2);
  EXPECT_EQ(report->kept_shards, 0);
  EXPECT_EQ(done, 46);
  EXPECT_EQ(all, 46);

  const auto splits = Load();
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_THAT(splits->info.class_names, ElementsAre("class_0", "class_1", "class_2"));
  ASSERT_EQ(splits->train->size(), 31);
  ASSERT_EQ(splits->test->size(), 15);
  int large = 0;
  for (int64_t i = 0; i < 31; ++i) {
    const auto images = splits->train->Read({i});
    ASSERT_TRUE(images.ok()) << images.status();
    const at::Tensor& image = images->front();
    const int64_t label = splits->train->labels()[i].item<int64_t>();
    EXPECT_NEAR(image.select(0, 0).max().item<int>(), 255 * label / 3, 3);
    if (image.size(2) == 48 && image.size(1) == 32) ++large;
    EXPECT_LE(std::min(image.size(1), image.size(2)), 32);
  }
  EXPECT_EQ(large, 1);
}

TEST_F(PackTest, KilledAndResumedItEndsWithTheSameBytes) {
  ASSERT_TRUE(Pack(options_).ok());
  const auto whole = FilesOf(options_.to);
  ASSERT_EQ(whole.count("train-00003.tar"), 1u);
  ASSERT_EQ(whole.count("index.binpb"), 1u);
  options_.to = Path("resumed");
  // The process is killed while it writes the third shard, whose samples are not synced yet.
  options_.progress = [](int64_t done, int64_t) {
    if (done >= 17) std::raise(SIGKILL);
  };
  EXPECT_EXIT((void)Pack(options_), ::testing::KilledBySignal(SIGKILL), "");
  const auto half = FilesOf(options_.to);
  EXPECT_EQ(half.count("train-00001.tar"), 1u);
  EXPECT_EQ(half.count("train-00002.tar"), 0u);
  EXPECT_EQ(half.count("index.binpb"), 0u);
  options_.progress = nullptr;
  const auto report = Pack(options_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->kept_shards, 2);
  EXPECT_EQ(FilesOf(options_.to), whole);
  // Another call finds all shards complete.
  EXPECT_EQ(Pack(options_)->kept_shards, 6);
  EXPECT_EQ(FilesOf(options_.to), whole);
}

TEST_F(PackTest, ShardsOfSomethingElseAreNotMixedIn) {
  ASSERT_TRUE(Pack(options_).ok());
  options_.side = 16;
  EXPECT_THAT(Pack(options_).status().ToString(),
              AllOf(HasSubstr("another --side"), HasSubstr("has side 32 and 31 + 15 images"),
                    HasSubstr("expected side 16")));
  options_.side = 32;
  WriteFile(Path("from/train/class_0/more.png"), PlainPng(9, 9, 1, 2, 3));
  EXPECT_THAT(Pack(options_).status().ToString(), HasSubstr("expected side 32 and 32 + 15)"));
  options_.to = Path("other");
  WriteFile(Path("other/a.tar"), "somebody's");
  EXPECT_THAT(Pack(options_).status().ToString(),
              AllOf(HasSubstr("other/a.tar was not made by pdarts pack"), HasSubstr("--to")));
}

TEST_F(PackTest, AFewUnusableImagesAreLeftOutAndManyAreAnError) {
  WriteFile(Path("from/train/class_0/cut.jpg"), PlainJpeg(64, 64, 1, 2, 3).substr(0, 300));
  const absl::Status status = Pack(options_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("1 of 47 images cannot be used"),
                                                   HasSubstr("class_0/cut.jpg: JPEG: ")));
  EXPECT_FALSE(fs::exists(Path("to/index.binpb")));
  for (int i = 0; i < 60; ++i) {
    WriteFile(Path(absl::StrCat("from/train/class_0/more", i, ".png")), PlainPng(9, 9, 1, 2, 3));
  }
  options_.to = Path("more");
  const auto report = Pack(options_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->left_out, 1);
  EXPECT_EQ(report->train_images, 31 + 60);
  EXPECT_EQ(Load()->train->size(), 91);
}

TEST_F(PackTest, SaysWhatIsMissing) {
  options_.from = Path("none");
  EXPECT_EQ(Pack(options_).status().code(), absl::StatusCode::kNotFound);
  options_.from = Path("from/train");
  fs::remove_all(Path("from/train"));
  fs::create_directories(Path("from/train/class_0"));
  EXPECT_THAT(Pack(options_).status().ToString(), HasSubstr("holds no images in class folders"));
}

}  // namespace
}  // namespace pdarts
