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
#include "pdarts/datasets/imagenet/imagenet.pb.h"
#include "pdarts/images/testing.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using imagenet::ImageNetConfig;
using images::PlainJpeg;
using images::WriteFile;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kClasses = 4;

class ImageNetTest : public ::testing::Test {
 protected:
  ImageNetTest() {
    folder_ = TestPath();
    std::string list;
    for (int c = 0; c < kClasses; ++c) {
      const auto red = static_cast<uint8_t>(60 * c);
      for (int i = 0; i < 3; ++i) {
        WriteFile(Path(absl::StrCat("train/", Synset(c), "/", Synset(c), "_", i, ".JPEG")),
                  PlainJpeg(20 + i, 30, red, 100, 100));
      }
      // The order differs from the order of the classes.
      const std::string name = absl::StrCat("ILSVRC2012_val_0000000", 9 - c, ".JPEG");
      WriteFile(Path("val/" + name), PlainJpeg(25, 30, red, 100, 100));
      absl::StrAppend(&list, name, " ", c, "\n");
    }
    WriteFile(Path("val.txt"), list);
    config_.set_folder(folder_);
    config_.set_classes(kClasses);
  }
  ~ImageNetTest() override { fs::remove_all(folder_); }

  static std::string Synset(int c) { return absl::StrCat("n0000000", 2 * c); }
  std::string Path(const std::string& name) const { return absl::StrCat(folder_, "/", name); }

  absl::StatusOr<DatasetSplits> Load(bool test_only = false) const {
    google::protobuf::Any any;
    any.PackFrom(config_);
    LoadOptions options;
    options.test_only = test_only;
    return Registry<Dataset>::Create(any).value()->Load(options);
  }
  /// Expects that each image has the red value of its class.
  static void ExpectReds(const SampleSource& source) {
    for (int64_t i = 0; i < source.size(); ++i) {
      const auto images = source.Read({i});
      ASSERT_TRUE(images.ok()) << images.status();
      EXPECT_NEAR(images->front().select(0, 0).max().item<int>(),
                  60 * source.labels()[i].item<int64_t>(), 3)
          << source.Name(i);
    }
  }

  std::string folder_;
  ImageNetConfig config_;
};

TEST_F(ImageNetTest, SynsetsAndAListOfValidationImages) {
  const auto splits = Load();
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_EQ(splits->info.image.height, 224);
  EXPECT_THAT(splits->info.mean, ElementsAre(0.485, 0.456, 0.406));
  EXPECT_THAT(splits->info.class_names, ElementsAre(Synset(0), Synset(1), Synset(2), Synset(3)));
  EXPECT_EQ(splits->train->size(), 12);
  EXPECT_EQ(splits->test->size(), 4);
  EXPECT_FALSE(splits->train->InMemory().defined());
  ExpectReds(*splits->train);
  ExpectReds(*splits->test);
  EXPECT_THAT(splits->checksum, ::testing::MatchesRegex("sha256:[0-9a-f]{64}"));
}

TEST_F(ImageNetTest, FewerClassesAreTheFirstSynsets) {
  config_.set_classes(2);
  const auto splits = Load();
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_THAT(splits->info.class_names, ElementsAre(Synset(0), Synset(1)));
  EXPECT_EQ(splits->train->size(), 6);
  EXPECT_EQ(splits->test->size(), 2);
  ExpectReds(*splits->test);
  config_.set_classes(5);
  EXPECT_THAT(Load().status().ToString(),
              AllOf(HasSubstr("holds 4 synsets"), HasSubstr("dataset.classes is 5")));
}

TEST_F(ImageNetTest, ValidationImagesMayLieInSynsets) {
  for (int c = 0; c < kClasses; ++c) {
    const std::string name = absl::StrCat("ILSVRC2012_val_0000000", 9 - c, ".JPEG");
    fs::create_directories(Path("val/" + Synset(c)));
    fs::rename(Path("val/" + name), Path(absl::StrCat("val/", Synset(c), "/", name)));
  }
  fs::remove(Path("val.txt"));
  const auto splits = Load();
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_EQ(splits->test->size(), 4);
  ExpectReds(*splits->test);
  // An evaluation does not need the training images.
  fs::remove_all(Path("train"));
  const auto test = Load(/*test_only=*/true);
  ASSERT_TRUE(test.ok()) << test.status();
  EXPECT_EQ(test->test->size(), 4);
  EXPECT_EQ(test->train->size(), 0);
}

TEST_F(ImageNetTest, ClassesGetNamesWhereAFileHasThem) {
  WriteFile(Path("synset_words.txt"),
            absl::StrCat(Synset(1), " tench, Tinca tinca\n", Synset(2), " great white shark\n"));
  const auto splits = Load();
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_THAT(splits->info.class_names,
              ElementsAre(Synset(0), absl::StrCat("tench (", Synset(1), ")"),
                          absl::StrCat("great white shark (", Synset(2), ")"), Synset(3)));
}

TEST_F(ImageNetTest, SaysWhatIsMissing) {
  fs::rename(Path("val.txt"), Path("list.txt"));
  EXPECT_THAT(Load().status().ToString(),
              AllOf(HasSubstr("val holds 4 images without folders of synsets"),
                    HasSubstr("dataset.validation_list")));
  config_.set_validation_list("list.txt");
  EXPECT_TRUE(Load().ok());
  WriteFile(Path("list.txt"), "ILSVRC2012_val_00000009.JPEG 0\n");
  EXPECT_THAT(Load().status().ToString(),
              AllOf(HasSubstr(Path("list.txt")), HasSubstr("does not name 3 of the images")));
  fs::remove_all(Path("train"));
  fs::create_directories(Path("train/dogs"));
  EXPECT_THAT(Load().status().ToString(),
              AllOf(HasSubstr("train holds no folders of synsets"), HasSubstr("--data_dir")));
  config_.clear_folder();
  EXPECT_EQ(Load().status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace pdarts
