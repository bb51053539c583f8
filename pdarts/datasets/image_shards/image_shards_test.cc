#include <filesystem>
#include <memory>
#include <string>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "google/protobuf/any.pb.h"
#include "gtest/gtest.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/testing/test_folder.h"
#include "pdarts/datasets/image_shards/image_shards.pb.h"
#include "pdarts/datasets/image_shards/testing.h"
#include "pdarts/images/testing.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using image_shards::ImageShardsConfig;
using image_shards::TarOf;
using image_shards::WriteShards;
using ::testing::AllOf;
using ::testing::HasSubstr;

class ImageShardsTest : public ::testing::Test {
 protected:
  ImageShardsTest() {
    folder_ = TestPath();
    WriteShards(folder_, /*classes=*/3, /*images=*/4);
    config_.set_folder(folder_);
    config_.set_classes(3);
    config_.set_image_size(8);
  }
  ~ImageShardsTest() override { fs::remove_all(folder_); }

  absl::StatusOr<DatasetSplits> Load(const LoadOptions& options = {}) const {
    google::protobuf::Any any;
    any.PackFrom(config_);
    return Registry<Dataset>::Create(any).value()->Load(options);
  }

  std::string folder_;
  ImageShardsConfig config_;
};

TEST_F(ImageShardsTest, SmallSplitsLieInMemoryAndLargeOnesAreRead) {
  const auto small = Load();
  ASSERT_TRUE(small.ok()) << small.status();
  ASSERT_EQ(small->train->InMemory().sizes(), at::IntArrayRef({12, 3, 8, 8}));
  ASSERT_EQ(small->test->InMemory().sizes(), at::IntArrayRef({6, 3, 8, 8}));
  config_.set_memory_megabytes(0);
  const auto large = Load();
  ASSERT_TRUE(large.ok()) << large.status();
  EXPECT_FALSE(large->train->InMemory().defined());
  EXPECT_TRUE(large->train->labels().equal(small->train->labels()));
  EXPECT_NE(large->checksum, small->checksum);
  EXPECT_EQ(large->info.mean, small->info.mean);
  for (int i = 0; i < 12; ++i) {
    const auto images = large->train->Read({i});
    ASSERT_TRUE(images.ok()) << images.status();
    const int64_t label = large->train->labels()[i].item<int64_t>();
    // Classes alternate.
    EXPECT_EQ(label, large->train->labels()[i % 3].item<int64_t>());
    EXPECT_EQ(images->front().select(0, 0).max().item<int>(), 255 * label / 3);
    EXPECT_EQ(images->front().size(1), 11);
  }
}

TEST_F(ImageShardsTest, TheTestSplitAlone) {
  const auto both = Load();
  ASSERT_TRUE(both.ok()) << both.status();
  LoadOptions options;
  options.test_only = true;
  const auto test = Load(options);
  ASSERT_TRUE(test.ok()) << test.status();
  EXPECT_EQ(test->train->size(), 0);
  EXPECT_EQ(test->info.mean, both->info.mean);
  EXPECT_TRUE(test->test->InMemory().equal(both->test->InMemory()));
}

TEST_F(ImageShardsTest, SaysWhatIsWrong) {
  config_.set_classes(2);
  EXPECT_THAT(Load().status().ToString(),
              AllOf(HasSubstr("-0.tar: sample image_2_0.png has class 2"),
                    HasSubstr("dataset.classes is 2")));
  config_.set_classes(4);
  EXPECT_THAT(Load().status().ToString(), HasSubstr("class_3 holds no image that can be used"));
  config_.set_classes(3);
  config_.set_folder(folder_ + "/none");
  EXPECT_THAT(Load().status().ToString(),
              AllOf(HasSubstr("there is no folder"), HasSubstr("pdarts pack --from=FOLDER"),
                    HasSubstr("--data_dir")));
  config_.clear_folder();
  EXPECT_THAT(Load().status().ToString(), HasSubstr("no folder is named"));
  EXPECT_TRUE(Load({folder_}).ok());
}

TEST_F(ImageShardsTest, ADamagedImageIsNamedWithItsShard) {
  config_.set_memory_megabytes(0);
  for (int c = 0; c < 3; ++c) {
    config_.add_mean(0.5);
    config_.add_deviation(0.25);
  }
  images::WriteFile(folder_ + "/train-2.tar",
                    TarOf({{"bad.jpg", "\xff\xd8\xff no image"}, {"bad.cls", "1"}}));
  const auto splits = Load();
  ASSERT_TRUE(splits.ok()) << splits.status();
  int damaged = 0;
  for (int64_t i = 0; i < splits->train->size(); ++i) {
    const absl::Status status = splits->train->Read({i}).status();
    if (status.ok()) continue;
    ++damaged;
    EXPECT_THAT(status.ToString(), HasSubstr("train-2.tar: bad.jpg"));
  }
  EXPECT_EQ(damaged, 1);
}

}  // namespace
}  // namespace pdarts
