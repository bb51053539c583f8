#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "gmock/gmock.h"
#include "google/protobuf/any.pb.h"
#include "gtest/gtest.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/testing/test_folder.h"
#include "pdarts/datasets/image_folder/image_folder.pb.h"
#include "pdarts/images/testing.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using image_folder::ImageFolderConfig;
using images::PlainJpeg;
using images::PlainPng;
using images::PlainWebp;
using images::WriteFile;
using images::WriteImageFolder;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ImageFolderTest : public ::testing::Test {
 protected:
  ImageFolderTest() {
    folder_ = TestPath();
    config_.set_folder(folder_);
    config_.set_classes(3);
    config_.set_image_size(8);
  }
  ~ImageFolderTest() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return absl::StrCat(folder_, "/", name); }

  absl::StatusOr<std::unique_ptr<Dataset>> Make() const {
    google::protobuf::Any any;
    any.PackFrom(config_);
    return Registry<Dataset>::Create(any);
  }
  absl::StatusOr<DatasetSplits> Load(const std::string& data_dir = "") const {
    return Make().value()->Load({data_dir});
  }
  absl::StatusOr<DatasetSplits> LoadTest(const std::vector<std::string>& class_names = {}) const {
    LoadOptions options;
    options.test_only = true;
    options.class_names = class_names;
    return Make().value()->Load(options);
  }
  /// The message of the expected error.
  std::string Error(absl::StatusCode code = absl::StatusCode::kInvalidArgument) const {
    const absl::Status status = Load().status();
    EXPECT_EQ(status.code(), code) << status;
    return std::string(status.message());
  }

  std::string folder_;
  ImageFolderConfig config_;
};

std::vector<int> Pixel(const at::Tensor& images, int64_t image, int64_t y, int64_t x) {
  const auto pixels = images.accessor<uint8_t, 4>();
  return {pixels[image][0][y][x], pixels[image][1][y][x], pixels[image][2][y][x]};
}

TEST_F(ImageFolderTest, ClassesAreFoldersAndAlternate) {
  WriteImageFolder(folder_, 3, 4);
  const auto splits = Load();
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_EQ(splits->source, folder_);
  EXPECT_THAT(splits->info.class_names, ElementsAre("class_0", "class_1", "class_2"));
  ASSERT_EQ(splits->train->InMemory().sizes(), at::IntArrayRef({12, 3, 8, 8}));
  ASSERT_EQ(splits->test->InMemory().sizes(), at::IntArrayRef({6, 3, 8, 8}));
  const auto labels = splits->train->labels().accessor<int64_t, 1>();
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(labels[i], labels[i % 3]) << i;
    // Each class has a red value of its own.
    EXPECT_EQ(Pixel(splits->train->InMemory(), i, 4, 4)[0], 255 * labels[i] / 3);
  }
  // Another seed gives another order, but the same content.
  config_.set_seed(2);
  const auto other = Load();
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_FALSE(other->train->InMemory().equal(splits->train->InMemory()));
  EXPECT_EQ(other->train->InMemory().sum().item<int64_t>(),
            splits->train->InMemory().sum().item<int64_t>());
  EXPECT_NE(other->checksum, splits->checksum);
}

TEST_F(ImageFolderTest, StatisticsAreThoseOfTheTrainingImagesUnlessNamed) {
  for (const char* name : {"a", "b", "c"}) {
    WriteFile(Path(absl::StrCat("train/", name, "/1.png")), PlainPng(8, 8, 0, 51, 255));
    WriteFile(Path(absl::StrCat("train/", name, "/2.png")), PlainPng(8, 8, 102, 51, 0));
    WriteFile(Path(absl::StrCat("test/", name, "/1.png")), PlainPng(8, 8, 255, 255, 255));
  }
  auto splits = Load();
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_THAT(splits->info.mean, ElementsAre(0.2, 0.2, 0.5));
  EXPECT_THAT(splits->info.deviation, ElementsAre(0.2, 1, 0.5));
  for (double mean : {0.1, 0.2, 0.3}) config_.add_mean(mean);
  splits = Load();
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_THAT(splits->info.mean, ElementsAre(0.1, 0.2, 0.3));
  EXPECT_THAT(splits->info.deviation, ElementsAre(0.2, 1, 0.5));
  config_.add_deviation(1);
  EXPECT_THAT(Make().status().ToString(), HasSubstr("deviation: has 1 elements"));
}

TEST_F(ImageFolderTest, ImagesAreCroppedToASquareOrStretched) {
  // The image has a red column at the left, a white square, and a blue column at the right.
  images::PngContent content;
  content.width = 24;
  content.height = 16;
  for (int i = 0; i < 16 * 24; ++i) {
    const int x = i % 24;
    const std::vector<uint8_t> color = x < 4    ? std::vector<uint8_t>{255, 0, 0}
                                       : x < 20 ? std::vector<uint8_t>{255, 255, 255}
                                                : std::vector<uint8_t>{0, 0, 255};
    content.pixels.insert(content.pixels.end(), color.begin(), color.end());
  }
  for (const char* file : {"a/1.png", "a/2.png", "b/1.png", "b/2.png", "c/1.png", "c/2.PNG"}) {
    WriteFile(Path(absl::StrCat("train/", file)), EncodePng(content));
  }
  auto splits = Load();
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_EQ(splits->train->InMemory().min().item<int>(), 255);
  config_.set_fit(ImageFolderConfig::STRETCH);
  splits = Load();
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_THAT(Pixel(splits->train->InMemory(), 0, 4, 0), ElementsAre(255, 0, 0));
  EXPECT_THAT(Pixel(splits->train->InMemory(), 0, 4, 4), ElementsAre(255, 255, 255));
  EXPECT_THAT(Pixel(splits->train->InMemory(), 0, 4, 7), ElementsAre(0, 0, 255));
  EXPECT_EQ(splits->test->InMemory().size(0), 0);
}

TEST_F(ImageFolderTest, ShrinkingAveragesAndTheSameSizeChangesNothing) {
  // The image has black and white columns. Resized, they become gray, and not black or white.
  images::PngContent content;
  content.width = content.height = 64;
  content.color_type = 0;
  for (int i = 0; i < 64 * 64; ++i) content.pixels.push_back(i % 2 == 0 ? 255 : 0);
  images::PngContent same;
  same.width = same.height = 8;
  for (int i = 0; i < 3 * 64; ++i) same.pixels.push_back(static_cast<uint8_t>(i * 37));
  for (const char* name : {"a", "b", "c"}) {
    WriteFile(Path(absl::StrCat("train/", name, "/1.png")), EncodePng(content));
    WriteFile(Path(absl::StrCat("train/", name, "/2.png")), EncodePng(content));
  }
  for (const char* file : {"test/c/1.png"}) WriteFile(Path(file), EncodePng(same));
  const auto splits = Load();
  ASSERT_TRUE(splits.ok()) << splits.status();
  for (int x = 1; x < 7; ++x) EXPECT_NEAR(Pixel(splits->train->InMemory(), 0, 4, x)[0], 127.5, 3);
  EXPECT_EQ((splits->test->labels().accessor<int64_t, 1>()[0]), 2);
  for (int i = 0; i < 64; ++i) {
    EXPECT_THAT(Pixel(splits->test->InMemory(), 0, i / 8, i % 8),
                ElementsAre(i * 3 * 37 % 256, (i * 3 + 1) * 37 % 256, (i * 3 + 2) * 37 % 256));
  }
}

TEST_F(ImageFolderTest, AVeryLongImageIsTakenToo) {
  WriteImageFolder(folder_, 3, 2);
  WriteFile(Path("test/class_0/long.png"), PlainPng(200000, 1, 10, 20, 30));
  config_.set_fit(ImageFolderConfig::STRETCH);
  const auto splits = Load();
  ASSERT_TRUE(splits.ok()) << splits.status();
}

TEST_F(ImageFolderTest, UnreadableFilesAreLeftOutUpToAShare) {
  WriteImageFolder(folder_, 3, 10);
  const auto whole = Load();
  ASSERT_TRUE(whole.ok()) << whole.status();
  WriteFile(Path("train/class_1/cut.png"), PlainPng(9, 9, 1, 2, 3).substr(0, 50));
  fs::create_symlink("nowhere", Path("train/class_2/link.jpg"));
  fs::create_directories(Path("train/class_2/deeper"));
  WriteFile(Path("train/class_2/notes.txt"), "not an image");
  WriteFile(Path("train/class_2/.hidden.png"), "not an image");
  fs::create_directories(Path("train/.cache"));
  EXPECT_THAT(Error(absl::StatusCode::kDataLoss),
              AllOf(HasSubstr("train: 2 of 32 images cannot be used: "),
                    HasSubstr("train/class_1/cut.png: PNG: "),
                    HasSubstr("train/class_2/link.jpg: is not a regular file"),
                    HasSubstr("dataset.max_unreadable_share allows 0.01 of them")));
  config_.set_max_unreadable_share(0.1);
  const auto rest = Load();
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_TRUE(rest->train->InMemory().equal(whole->train->InMemory()));
  EXPECT_EQ(rest->checksum, whole->checksum);
}

TEST_F(ImageFolderTest, MessagesNameFiveFilesAndCountTheRest) {
  WriteImageFolder(folder_, 3, 2);
  for (int i = 0; i < 8; ++i) WriteFile(Path(absl::StrCat("test/class_0/bad", i, ".png")), "x");
  EXPECT_THAT(Error(absl::StatusCode::kDataLoss),
              AllOf(HasSubstr("test: 8 of 11 images"), HasSubstr("bad4.png"),
                    HasSubstr(", and 3 more (--v=1 names all)")));
  // If the user asks for it, the log names all of them.
  FLAGS_logtostderr = true;
  FLAGS_v = 1;
  ::testing::internal::CaptureStderr();
  Error(absl::StatusCode::kDataLoss);
  const std::string log = ::testing::internal::GetCapturedStderr();
  FLAGS_v = 0;
  for (int i = 0; i < 8; ++i) EXPECT_THAT(log, HasSubstr(absl::StrCat("bad", i, ".png: is not a")));
}

TEST_F(ImageFolderTest, TooManyPixelsAreUnreadable) {
  WriteImageFolder(folder_, 3, 2);
  WriteFile(Path("test/class_0/large.png"), PlainPng(100, 100, 1, 2, 3));
  config_.set_max_pixels(9999);
  EXPECT_THAT(Error(absl::StatusCode::kDataLoss),
              HasSubstr("large.png: promises 100x100 pixels, more than max_pixels 9999"));
}

TEST_F(ImageFolderTest, TheFolderIsFoundInTheDataFolder) {
  WriteImageFolder(Path("flowers"), 3, 2);
  config_.set_folder("flowers");
  EXPECT_EQ(Load(folder_)->source, Path("flowers"));
  config_.clear_folder();
  EXPECT_EQ(Load(Path("flowers"))->source, Path("flowers"));
  config_.set_folder(Path("flowers"));
  EXPECT_EQ(Load("elsewhere")->source, Path("flowers"));
}

TEST_F(ImageFolderTest, SaysWhatIsMissing) {
  const auto helps =
      AllOf(HasSubstr("FOLDER/train/CLASS/*.png"), HasSubstr("dataset.folder, --data_dir"));
  EXPECT_THAT(Error(absl::StatusCode::kNotFound),
              AllOf(HasSubstr("there is no folder " + folder_ + ". "), helps));
  config_.clear_folder();
  EXPECT_THAT(Error(absl::StatusCode::kNotFound), AllOf(HasSubstr("no folder is named"), helps));
  config_.set_folder(folder_);
  fs::create_directories(Path("train"));
  EXPECT_THAT(Error(), HasSubstr("train holds no class folders but 0 images"));
  WriteImageFolder(folder_, 4, 2);
  EXPECT_THAT(Error(),
              AllOf(HasSubstr("train holds 4 class folders (class_0, class_1, class_2, class_3)"),
                    HasSubstr("dataset.classes is 3: set it to 4")));
  fs::remove_all(Path("train/class_3"));
  EXPECT_THAT(Error(), AllOf(HasSubstr("test/class_3 is not a class of the training images"),
                             HasSubstr("class_0, class_1, class_2")));
  fs::remove_all(Path("test/class_3"));
  EXPECT_TRUE(Load().ok());
  fs::remove(Path("train/class_1/image_1.png"));
  EXPECT_TRUE(Load().ok());  // one image is enough for a training
  fs::remove(Path("train/class_1/image_0.png"));
  EXPECT_THAT(Error(), HasSubstr("train/class_1 holds no image that can be used, expected at"));
  fs::remove_all(Path("train"));
  EXPECT_THAT(Error(absl::StatusCode::kNotFound),
              AllOf(HasSubstr("there is no folder " + Path("train")), helps));
}

TEST_F(ImageFolderTest, FormatsAreToldByContent) {
  for (const char* name : {"a", "b", "c"}) {
    const std::string folder = Path(absl::StrCat("train/", name, "/"));
    WriteFile(absl::StrCat(folder, "1.jpg"), PlainWebp(8, 8, 10, 20, 30));
    WriteFile(absl::StrCat(folder, "2.jfif"), PlainJpeg(8, 8, 10, 20, 30));
    WriteFile(absl::StrCat(folder, "3.jpe"), PlainJpeg(8, 8, 10, 20, 30));
    WriteFile(absl::StrCat(folder, "4"), PlainPng(8, 8, 10, 20, 30));
    WriteFile(absl::StrCat(folder, "below/5.webp"), PlainWebp(8, 8, 10, 20, 30));
  }
  const auto splits = Load();
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_EQ(splits->train->InMemory().size(0), 15);
  for (int i = 0; i < 15; ++i) {
    EXPECT_NEAR(Pixel(splits->train->InMemory(), i, 4, 4)[2], 30, 3) << i;
  }
}

TEST_F(ImageFolderTest, WhateverIsAnImageCountsIfItIsUnusable) {
  WriteImageFolder(folder_, 3, 2);
  // One image is unusable because of its content, one because of its name, and one because it has
  // no class.
  WriteFile(Path("train/class_0/photo"), "GIF89a and so on");
  WriteFile(Path("train/class_1/photo.HEIC"), "ftyp");
  WriteFile(Path("train/loose.png"), PlainPng(8, 8, 1, 2, 3));
  EXPECT_THAT(Error(absl::StatusCode::kDataLoss),
              AllOf(HasSubstr("train: 3 of 9 images cannot be used: "),
                    HasSubstr("class_0/photo: is a GIF image, not a PNG, JPEG or WebP image"),
                    HasSubstr("class_1/photo.HEIC: is not a PNG, JPEG or WebP image"),
                    HasSubstr("train/loose.png: lies in no class folder")));
}

TEST_F(ImageFolderTest, NamesInComposedAndDecomposedFormAreOneClass) {
  config_.set_classes(2);
  const std::string composed = "caf\xc3\xa9", decomposed = "cafe\xcc\x81";
  WriteFile(Path(absl::StrCat("train/", composed, "/1.png")), PlainPng(8, 8, 200, 0, 0));
  WriteFile(Path("train/bar/1.png"), PlainPng(8, 8, 0, 0, 0));
  WriteFile(Path(absl::StrCat("test/", decomposed, "/1.png")), PlainPng(8, 8, 200, 0, 0));
  const auto splits = Load();
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_THAT(splits->info.class_names, ElementsAre("bar", composed));
  EXPECT_EQ(splits->test->labels().item<int64_t>(), 1);
}

TEST_F(ImageFolderTest, AShareOfAFlatFolderIsForMeasuring) {
  WriteImageFolder(folder_, 3, 10);
  fs::remove_all(Path("test"));
  for (int c = 0; c < 3; ++c) {
    const std::string name = absl::StrCat("class_", c);
    fs::rename(Path("train/" + name), Path(name));
  }
  fs::remove(Path("train"));
  EXPECT_EQ(Load()->test->InMemory().size(0), 0);
  config_.set_test_share(0.2);
  const auto splits = Load();
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_TRUE(splits->train->labels().bincount().eq(8).all().item<bool>());
  EXPECT_TRUE(splits->test->labels().bincount().eq(2).all().item<bool>());
  // No image is in both splits: WriteImageFolder gives each image of a class another green value.
  for (int i = 0; i < 6; ++i) {
    for (int j = 0; j < 24; ++j) {
      EXPECT_NE(Pixel(splits->test->InMemory(), i, 4, 4),
                Pixel(splits->train->InMemory(), j, 4, 4));
    }
  }
  config_.set_seed(2);
  EXPECT_NE(Load()->test->InMemory().sum().item<int64_t>(),
            splits->test->InMemory().sum().item<int64_t>());
  // The test split without the training split is the same.
  config_.set_seed(1);
  const auto test = LoadTest();
  ASSERT_TRUE(test.ok()) << test.status();
  EXPECT_TRUE(test->test->InMemory().equal(splits->test->InMemory()));
  // `test_share` for a folder that has test images would be a mistake.
  WriteImageFolder(Path("both"), 3, 2);
  config_.set_folder(Path("both"));
  EXPECT_THAT(Error(), AllOf(HasSubstr("dataset.test_share is 0.2"), HasSubstr("both/test")));
}

TEST_F(ImageFolderTest, TheTestSplitAlone) {
  WriteImageFolder(folder_, 3, 4);
  const auto both = Load();
  ASSERT_TRUE(both.ok()) << both.status();
  // If the config has no statistics, those of the training images are used.
  auto test = LoadTest();
  ASSERT_TRUE(test.ok()) << test.status();
  EXPECT_EQ(test->info.mean, both->info.mean);
  EXPECT_EQ(test->train->size(), 0);
  EXPECT_TRUE(test->test->InMemory().equal(both->test->InMemory()));
  // If the config has statistics, no training image is read, so a damaged one causes no error.
  for (const double mean : both->info.mean) config_.add_mean(mean);
  for (const double deviation : both->info.deviation) config_.add_deviation(deviation);
  WriteFile(Path("train/class_0/image_0.png"), "damaged");
  test = LoadTest();
  ASSERT_TRUE(test.ok()) << test.status();
  EXPECT_THAT(test->info.class_names, ElementsAre("class_0", "class_1", "class_2"));
  fs::remove_all(Path("train"));
  test = LoadTest();
  ASSERT_TRUE(test.ok()) << test.status();
  EXPECT_THAT(test->info.class_names, ElementsAre("class_0", "class_1", "class_2"));
  EXPECT_EQ(test->info.mean, both->info.mean);
  EXPECT_TRUE(test->test->InMemory().equal(both->test->InMemory()));
  EXPECT_TRUE(test->test->labels().equal(both->test->labels()));
  config_.clear_deviation();
  EXPECT_THAT(LoadTest().status().ToString(),
              HasSubstr("dataset.mean and dataset.deviation: one of them is not set"));
}

TEST_F(ImageFolderTest, TheTestSplitForAModelThatKnowsItsClasses) {
  WriteImageFolder(folder_, 3, 4);
  fs::remove_all(Path("train"));
  // Neither the statistics nor all classes are needed, because the model has both.
  fs::remove_all(Path("test/class_1"));
  const auto test = LoadTest({"class_2", "class_1", "class_0"});
  ASSERT_TRUE(test.ok()) << test.status();
  EXPECT_THAT(test->info.class_names, ElementsAre("class_2", "class_1", "class_0"));
  EXPECT_EQ(test->test->labels().size(0), 4);
  for (int i = 0; i < 4; ++i) {
    const int64_t label = test->test->labels().select(0, i).item<int64_t>();
    EXPECT_NE(label, 1);
    EXPECT_EQ(Pixel(test->test->InMemory(), i, 4, 4)[0], 255 * (2 - label) / 3);
  }
  // Other files in train/ are ignored, but a class that the model does not know is an error.
  WriteFile(Path("train/class_9/damaged.png"), "damaged");
  EXPECT_TRUE(LoadTest({"class_2", "class_1", "class_0"}).ok());
  EXPECT_THAT(LoadTest({"class_2", "class_1", "fox"}).status().ToString(),
              HasSubstr("does not know \"class_0\""));
}

/// A whole image of a source, as Read returns it.
at::Tensor Whole(const SampleSource& source, int64_t index) {
  const auto images = source.Read({index});
  EXPECT_TRUE(images.ok()) << images.status();
  return images.ok() ? images->front() : at::Tensor();
}

TEST_F(ImageFolderTest, ALargeSplitIsReadWhenItIsNeeded) {
  // Twelve training images of 9x11, 10x11, ... pixels, and six test images.
  WriteImageFolder(folder_, 3, 4);
  const auto small = Load();
  ASSERT_TRUE(small.ok()) << small.status();
  config_.set_memory_megabytes(0);
  const auto large = Load();
  ASSERT_TRUE(large.ok()) << large.status();
  EXPECT_FALSE(large->train->InMemory().defined());
  EXPECT_FALSE(large->test->InMemory().defined());
  // The order does not depend on the place of the images.
  EXPECT_TRUE(large->train->labels().equal(small->train->labels()));
  EXPECT_TRUE(large->test->labels().equal(small->test->labels()));
  ASSERT_EQ(large->train->size(), 12);
  for (int i = 0; i < 12; ++i) {
    const std::string name = large->train->Name(i);
    const int64_t label = large->train->labels()[i].item<int64_t>();
    EXPECT_THAT(name, HasSubstr(absl::StrCat("/train/class_", label, "/image_")));
    EXPECT_EQ(small->train->Name(i), name);
    const int number = name[name.size() - 5] - '0';
    const at::Tensor image = Whole(*large->train, i);
    ASSERT_EQ(image.sizes(), at::IntArrayRef({3, 11, 9 + number})) << name;
    // Each file has one color.
    EXPECT_EQ(image.select(0, 1).min().item<int>(), 7 * number);
    EXPECT_EQ(image.select(0, 1).max().item<int>(), 7 * number);
    EXPECT_EQ(Pixel(small->train->InMemory(), i, 4, 4)[1], 7 * number);
  }
  // A split with fewer images than the statistics use gives the same statistics.
  EXPECT_EQ(large->info.mean, small->info.mean);
  EXPECT_EQ(large->info.deviation, small->info.deviation);
}

TEST_F(ImageFolderTest, EachSplitIsSmallOrLarge) {
  config_.set_image_size(400);  // 0.48 MB for each image
  config_.set_memory_megabytes(3);
  WriteImageFolder(folder_, 3, 4);
  const auto splits = Load();
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_FALSE(splits->train->InMemory().defined());
  EXPECT_TRUE(splits->test->InMemory().defined());
}

TEST_F(ImageFolderTest, TheChecksumOfALargeSplitIsOverNamesSizesAndLabels) {
  WriteImageFolder(folder_, 3, 4);
  config_.set_memory_megabytes(0);
  const std::string checksum = Load()->checksum;
  EXPECT_THAT(checksum, ::testing::MatchesRegex("sha256:[0-9a-f]{64}"));
  EXPECT_EQ(Load()->checksum, checksum);
  // A copy in another place is the same data.
  fs::rename(folder_, folder_ + "_copy");
  config_.set_folder(folder_ + "_copy");
  EXPECT_EQ(Load()->checksum, checksum);
  fs::rename(folder_ + "_copy", folder_);
  config_.set_folder(folder_);
  WriteFile(Path("train/class_0/image_0.png"), PlainPng(100, 100, 1, 2, 3));
  EXPECT_NE(Load()->checksum, checksum);
}

TEST_F(ImageFolderTest, WhatIsWrongWithAFileOfALargeSplitIsSaidWhenItIsRead) {
  WriteImageFolder(folder_, 3, 4);
  config_.set_memory_megabytes(0);
  for (int c = 0; c < 3; ++c) {
    config_.add_mean(0.5);
    config_.add_deviation(0.25);
  }
  const std::string jpeg = PlainJpeg(64, 64, 1, 2, 3);
  WriteFile(Path("train/class_1/cut.jpg"), jpeg.substr(0, jpeg.size() - 5));
  fs::create_symlink("loop.jpg", Path("train/class_1/loop.jpg"));
  const auto splits = Load();
  ASSERT_TRUE(splits.ok()) << splits.status();
  const auto error = [&](const std::string& name) {
    for (int64_t i = 0; i < splits->train->size(); ++i) {
      if (splits->train->Name(i) == Path(name)) {
        return std::string(splits->train->Read({i}).status().message());
      }
    }
    return absl::StrCat("there is no ", name);
  };
  EXPECT_EQ(error("train/class_0/image_1.png"), "");
  EXPECT_THAT(error("train/class_1/cut.jpg"),
              AllOf(HasSubstr(Path("train/class_1/cut.jpg")), HasSubstr("JPEG: Premature end")));
  EXPECT_THAT(error("train/class_1/loop.jpg"), HasSubstr("leads back to itself"));
  WriteFile(Path("train/class_0/image_1.png"), PlainPng(50, 50, 1, 2, 3));
  EXPECT_THAT(
      error("train/class_0/image_1.png"),
      AllOf(HasSubstr(Path("train/class_0/image_1.png")), HasSubstr("when the folder was")));
  fs::remove(Path("train/class_0/image_1.png"));
  EXPECT_THAT(error("train/class_0/image_1.png"),
              HasSubstr("was removed after the folder was listed"));
  // Computing the statistics reads the images, so damaged images are reported at the start.
  config_.clear_mean();
  EXPECT_THAT(Error(absl::StatusCode::kDataLoss),
              AllOf(HasSubstr("2 of 13 images cannot be used"), HasSubstr("cut.jpg")));
}

TEST_F(ImageFolderTest, AClassThatIsALinkToWhatHoldsItIsRefused) {
  WriteImageFolder(folder_, 3, 2);
  fs::remove_all(Path("train/class_1"));
  fs::create_symlink("..", Path("train/class_1"));
  EXPECT_THAT(Error(), AllOf(HasSubstr("train/class_1 is a symbolic link to "),
                             HasSubstr("in which the link itself lies")));
}

TEST_F(ImageFolderTest, WhatFitsInNoMemoryIsRefused) {
  // A thousand classes whose folders are links to one folder: 0.6 TB at the largest size.
  for (int i = 0; i < 100; ++i) WriteFile(Path(absl::StrCat("class/", i, ".png")), "");
  fs::create_directories(Path("train"));
  for (int c = 0; c < 1000; ++c) fs::create_symlink("../class", Path(absl::StrCat("train/", c)));
  config_.set_classes(1000);
  config_.set_image_size(1024);
  config_.set_memory_megabytes(1048576);
  EXPECT_THAT(Error(absl::StatusCode::kResourceExhausted),
              AllOf(HasSubstr("100000 images of 1024x1024 pixels take 629145 MB"),
                    HasSubstr("a smaller dataset.image_size takes less")));
}

}  // namespace
}  // namespace pdarts
