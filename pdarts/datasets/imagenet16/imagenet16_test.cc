#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/any.pb.h"
#include "gtest/gtest.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/testing/test_folder.h"
#include "pdarts/datasets/cifar/testing.h"
#include "pdarts/datasets/imagenet16/imagenet16.pb.h"
#include "pdarts/images/testing.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using imagenet16::ImageNet16Config;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kImageBytes = 768;

class ImageNet16Test : public ::testing::Test {
 protected:
  ImageNet16Test() {
    data_dir_ = TestPath();
    for (int file = 1; file <= 10; ++file) {
      Write(absl::StrCat("train_data_batch_", file), {file, 121, 1000, 120}, file);
    }
    Write("val_data", {500, 7}, 100);
  }
  ~ImageNet16Test() override { fs::remove_all(data_dir_); }

  /// Writes a file of images with these labels. All bytes of image i are first + i.
  void Write(const std::string& name, const std::vector<int>& labels, int first) const {
    cifar::PythonBatch batch;
    batch.labels = {{"labels", labels}};
    batch.image_bytes = kImageBytes;
    batch.rows = static_cast<int64_t>(labels.size());
    for (size_t i = 0; i < labels.size(); ++i) {
      batch.images.append(kImageBytes, static_cast<char>(first + i));
    }
    images::WriteFile(Path(name), cifar::PickleOf(batch));
  }
  std::string Path(const std::string& name) const {
    return absl::StrCat(data_dir_, "/ImageNet16/", name);
  }
  absl::StatusOr<DatasetSplits> Load(bool test_only = false) const {
    google::protobuf::Any any;
    any.PackFrom(config_);
    LoadOptions options;
    options.data_dir = data_dir_;
    options.test_only = test_only;
    return Registry<Dataset>::Create(any).value()->Load(options);
  }

  std::string data_dir_;
  ImageNet16Config config_;
};

std::vector<int64_t> Values(const at::Tensor& labels) {
  return {labels.const_data_ptr<int64_t>(), labels.const_data_ptr<int64_t>() + labels.numel()};
}

TEST_F(ImageNet16Test, TheFirstClassesAreUsedInFileOrder) {
  const auto splits = Load();
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_EQ(splits->info.class_names.size(), 120u);
  EXPECT_EQ(splits->info.class_names[0], "class_1");
  const at::Tensor images = splits->train->InMemory();
  ASSERT_EQ(images.sizes(), at::IntArrayRef({20, 3, 16, 16}));
  for (int file = 1; file <= 10; ++file) {
    const int i = 2 * (file - 1);
    EXPECT_EQ(splits->train->labels()[i].item<int64_t>(), file - 1);
    EXPECT_EQ(splits->train->labels()[i + 1].item<int64_t>(), 119);
    EXPECT_EQ(images[i].min().item<int>(), file);
    EXPECT_EQ(images[i].max().item<int>(), file);
    EXPECT_EQ(images[i + 1].min().item<int>(), file + 3);
  }
  EXPECT_THAT(Values(splits->test->labels()), ElementsAre(6));
  EXPECT_EQ(splits->test->InMemory().min().item<int>(), 101);
  config_.set_classes(1000);
  EXPECT_EQ(Load()->train->size(), 40);
}

TEST_F(ImageNet16Test, TheTestSplitAlone) {
  const auto both = Load();
  ASSERT_TRUE(both.ok()) << both.status();
  for (int file = 1; file <= 10; ++file) fs::remove(Path(absl::StrCat("train_data_batch_", file)));
  const auto test = Load(/*test_only=*/true);
  ASSERT_TRUE(test.ok()) << test.status();
  EXPECT_EQ(test->train->size(), 0);
  EXPECT_TRUE(test->test->InMemory().equal(both->test->InMemory()));
}

TEST_F(ImageNet16Test, SaysWhatIsWrong) {
  Write("train_data_batch_3", {0}, 1);
  EXPECT_THAT(Load().status().ToString(),
              AllOf(HasSubstr(Path("train_data_batch_3")),
                    HasSubstr("record 0: label 0 is not in [1, 1000]")));
  Write("train_data_batch_3", {1001}, 1);
  EXPECT_THAT(Load().status().ToString(), HasSubstr("label 1001 is not in [1, 1000]"));
  images::WriteFile(Path("train_data_batch_3"), "no pickle");
  EXPECT_THAT(Load().status().ToString(), AllOf(HasSubstr(Path("train_data_batch_3")),
                                                HasSubstr("does not begin as a pickle")));
  fs::remove(Path("train_data_batch_3"));
  EXPECT_THAT(Load().status().ToString(), HasSubstr(Path("train_data_batch_3")));
  fs::remove_all(data_dir_);
  EXPECT_THAT(Load().status().ToString(),
              AllOf(HasSubstr("there is no folder"), HasSubstr("--data_dir")));
}

}  // namespace
}  // namespace pdarts
