#include "pdarts/datasets/image_folder/layout.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/testing/test_folder.h"
#include "pdarts/images/testing.h"

namespace pdarts::image_folder {
namespace {

namespace fs = std::filesystem;
using images::PlainPng;
using images::WriteFile;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LayoutTest : public ::testing::Test {
 protected:
  LayoutTest() { folder_ = TestFolder(); }
  ~LayoutTest() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return absl::StrCat(folder_, "/", name); }
  void Write(const std::string& name) const { WriteFile(Path(name), PlainPng(2, 2, 1, 2, 3)); }
  Layout Find() const {
    const auto layout = FindLayout(folder_);
    EXPECT_TRUE(layout.ok()) << layout.status();
    return layout.ok() ? *layout : Layout();
  }
  std::string Error() const { return std::string(FindLayout(folder_).status().message()); }

  std::string folder_;
};

TEST_F(LayoutTest, UsualNamesOfSplits) {
  for (const char* train : {"train", "Training"}) {
    for (const char* test : {"test", "Testing", "val", "valid", "Validation"}) {
      fs::remove_all(folder_);
      Write(absl::StrCat(train, "/rose/1.png"));
      Write(absl::StrCat(test, "/rose/1.png"));
      const Layout layout = Find();
      EXPECT_EQ(layout.train.path, Path(train));
      EXPECT_EQ(layout.test.path, Path(test));
      const bool told =
          std::any_of(layout.notes.begin(), layout.notes.end(), [&](const std::string& note) {
            return absl::StrContains(note, "because there is no labeled test/");
          });
      EXPECT_EQ(told, absl::StartsWithIgnoreCase(test, "val")) << test;
    }
  }
}

TEST_F(LayoutTest, WhatIsLeftOutIsTold) {
  Write("train/rose/1.png");
  Write("test/rose/1.png");
  Write("val/rose/1.png");
  Write("raw/1.png");
  Write("cover.png");
  const Layout layout = Find();
  EXPECT_EQ(layout.test.path, Path("test"));
  EXPECT_THAT(layout.notes,
              ElementsAre(AllOf(HasSubstr("val/ is left out"), HasSubstr(Path("test"))),
                          HasSubstr("raw/ is left out: no usual name of a split"),
                          AllOf(HasSubstr("1 images beside the splits are left out"),
                                HasSubstr("cover.png"))));
}

TEST_F(LayoutTest, AnUnlabeledTestFolderIsToldAndDoesNotHideAValidationSplit) {
  Write("train/rose/1.png");
  Write("test/1.png");
  Write("test/2.png");
  Layout layout = Find();
  EXPECT_EQ(layout.test.path, "");
  EXPECT_THAT(layout.notes,
              ElementsAre(HasSubstr("test holds no class folders: its 2 images have no labels")));
  Write("valid/rose/1.png");
  layout = Find();
  EXPECT_EQ(layout.test.path, Path("valid"));
  EXPECT_THAT(layout.notes, Contains(HasSubstr("test holds no class folders")));
}

TEST_F(LayoutTest, TwoFoldersThatMayBeMeantAreAnError) {
  Write("train/rose/1.png");
  Write("val/rose/1.png");
  Write("valid/rose/1.png");
  EXPECT_THAT(Error(), AllOf(HasSubstr(Path("val")), HasSubstr(Path("valid")),
                             HasSubstr("only one of them can be meant")));
  Write("Train/rose/1.png");
  EXPECT_THAT(Error(), HasSubstr("holds Train/ and train/, and only one of them"));
}

TEST_F(LayoutTest, ClassFoldersWithoutSplits) {
  Write("rose/1.png");
  Write("daisy/1.png");
  Write("loose.png");
  const Layout layout = Find();
  EXPECT_EQ(layout.train.path, folder_);
  EXPECT_THAT(layout.train.loose, ElementsAre(Path("loose.png")));
  EXPECT_EQ(layout.test.path, "");
  ASSERT_EQ(layout.train.classes.size(), 2u);
  EXPECT_EQ(layout.train.classes[0].name, "daisy");
  EXPECT_THAT(layout.notes, ElementsAre(HasSubstr("its own folders are used as classes")));
}

TEST_F(LayoutTest, SaysWhatThereIsInstead) {
  EXPECT_EQ(FindLayout(Path("none")).status().message(),
            absl::StrCat("there is no folder ", Path("none")));
  Write("1.png");
  EXPECT_THAT(Error(), HasSubstr("holds neither a folder train/ nor class folders, but 1 images"));
  Write("flowers/train/rose/1.png");
  EXPECT_THAT(Error(), HasSubstr(absl::StrCat(Path("flowers"), " holds train/: name that folder")));
}

TEST_F(LayoutTest, TestFilesAreCutByClassAndAlikeInEveryCopy) {
  std::vector<ImageFile> files;
  for (int i = 0; i < 20; ++i) files.push_back({absl::StrCat("/a/rose/", i, ".png"), 0});
  for (int i = 0; i < 3; ++i) files.push_back({absl::StrCat("/a/daisy/", i, ".png"), 1});
  files.push_back({"/a/tulip/0.png", 2});
  std::vector<ImageFile> train = files;
  const std::vector<ImageFile> test = TakeTestFiles("/a", 0.1, 1, &train);
  std::vector<int> counts(3);
  std::set<std::string> paths;
  for (const ImageFile& file : test) {
    ++counts[file.label];
    paths.insert(file.path);
  }
  // A tenth of 20 images; at least one of 3 images; none if the class has only one image.
  EXPECT_THAT(counts, ElementsAre(2, 1, 0));
  EXPECT_EQ(train.size(), 21u);
  for (const ImageFile& file : train) EXPECT_EQ(paths.count(file.path), 0u) << file.path;
  // In a copy of the folder, the same files are selected. With another seed, other files are
  // selected.
  std::vector<ImageFile> copy = files;
  for (ImageFile& file : copy) file.path.replace(0, 2, "/elsewhere");
  const std::vector<ImageFile> of_copy = TakeTestFiles("/elsewhere", 0.1, 1, &copy);
  ASSERT_EQ(of_copy.size(), test.size());
  for (size_t i = 0; i < test.size(); ++i) {
    EXPECT_EQ(of_copy[i].path.substr(10), test[i].path.substr(2));
  }
  std::set<std::string> first;
  for (int seed = 0; seed < 20; ++seed) {
    train = files;
    first.insert(TakeTestFiles("/a", 0.1, seed, &train)[0].path);
  }
  EXPECT_GT(first.size(), 3u);
  // With any share, a class keeps at least one image.
  train = files;
  EXPECT_EQ(TakeTestFiles("/a", 0.99, 1, &train).size(), 21u);
}

}  // namespace
}  // namespace pdarts::image_folder
