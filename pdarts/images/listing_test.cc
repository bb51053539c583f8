#include "pdarts/images/listing.h"

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/testing/test_folder.h"
#include "pdarts/images/names.h"
#include "pdarts/images/testing.h"

namespace pdarts::images {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// "café", once with one character for the last letter, and once with an e and an accent.
constexpr char kComposed[] = "caf\xc3\xa9";
constexpr char kDecomposed[] = "cafe\xcc\x81";

class ListingTest : public ::testing::Test {
 protected:
  ListingTest() { folder_ = TestFolder(); }
  ~ListingTest() override { fs::remove_all(folder_); }
  std::string Path(const std::string& name) const { return absl::StrCat(folder_, "/", name); }

  std::string folder_;
};

TEST_F(ListingTest, ContentTellsWhatIsAnImage) {
  const std::string png = PlainPng(2, 2, 1, 2, 3);
  WriteFile(Path("a"), png);
  WriteFile(Path("b.txt"), PlainJpeg(2, 2, 1, 2, 3));
  WriteFile(Path("c.dat"), PlainWebp(2, 2, 1, 2, 3));
  WriteFile(Path("d.bak"), "GIF89a...");
  WriteFile(Path("e.HEIC"), "damaged");
  WriteFile(Path("f.jfif"), "damaged");
  WriteFile(Path("g.jpe"), "");
  fs::create_symlink("nowhere", Path("h.jpg"));
  WriteFile(Path("i.txt"), "BMX is a sport of which BM alone says nothing");
  WriteFile(Path("j.html"), "<html>");
  WriteFile(Path("k"), "");
  WriteFile(Path(".hidden.png"), png);
  WriteFile(Path("__MACOSX/a.png"), png);
  WriteFile(Path("below/a.png"), png);
  const auto content = ListFolder(folder_);
  ASSERT_TRUE(content.ok()) << content.status();
  EXPECT_THAT(content->images,
              ElementsAre(Path("a"), Path("b.txt"), Path("c.dat"), Path("d.bak"), Path("e.HEIC"),
                          Path("f.jfif"), Path("g.jpe"), Path("h.jpg")));
  EXPECT_THAT(content->others, ElementsAre(Path("i.txt"), Path("j.html"), Path("k")));
  EXPECT_THAT(content->folders, ElementsAre("below"));
}

TEST_F(ListingTest, AClassHoldsWhatLiesBelowItsFolder) {
  const std::string png = PlainPng(2, 2, 1, 2, 3);
  for (const char* name :
       {"rose/2.png", "rose/2019/1.png", "rose/2019/may/3.png", "rose/.x/4.png"}) {
    WriteFile(Path(name), png);
  }
  fs::create_directory_symlink("..", Path("rose/up"));
  const auto content = ListClass({"rose", {Path("rose")}});
  ASSERT_TRUE(content.ok()) << content.status();
  EXPECT_THAT(content->images, ElementsAre(Path("rose/2.png"), Path("rose/2019/1.png"),
                                           Path("rose/2019/may/3.png")));
  EXPECT_THAT(content->others, ElementsAre(Path("rose/up")));
  EXPECT_THAT(content->folders, IsEmpty());
}

TEST_F(ListingTest, ComposedAndDecomposedNamesAreTheSameClass) {
  ASSERT_EQ(ComposedName(kDecomposed), kComposed);
  EXPECT_EQ(ComposedName("caf\xe9"), "caf\xe9");  // Latin-1, which is not UTF-8
  const std::string png = PlainPng(2, 2, 1, 2, 3);
  WriteFile(Path(absl::StrCat(kComposed, "/2.png")), png);
  WriteFile(Path(absl::StrCat(kDecomposed, "/1.png")), png);
  WriteFile(Path("cafz/1.png"), png);
  const auto content = ListFolder(folder_);
  ASSERT_TRUE(content.ok()) << content.status();
  const std::vector<ClassFolders> classes = FindClasses(folder_, *content);
  ASSERT_EQ(classes.size(), 2u);
  EXPECT_EQ(classes[0].name, "cafz");
  EXPECT_EQ(classes[1].name, kComposed);
  const auto images = ListClass(classes[1]);
  ASSERT_TRUE(images.ok()) << images.status();
  EXPECT_THAT(images->images, ElementsAre(Path(absl::StrCat(kDecomposed, "/1.png")),
                                          Path(absl::StrCat(kComposed, "/2.png"))));
}

TEST_F(ListingTest, LinksMayNotLeadToAFolderThatHoldsThem) {
  const std::string png = PlainPng(2, 2, 1, 2, 3);
  WriteFile(Path("data/train/a/1.png"), png);
  WriteFile(Path("elsewhere/b/2.png"), png);
  std::filesystem::create_symlink("../../elsewhere/b", Path("data/train/b"));
  std::filesystem::create_symlink("../../data", Path("data/train/c"));
  std::filesystem::create_symlink("../a", Path("data/train/a/below"));
  const auto list = [&](const std::string& name) {
    return ListClass({name, {Path(absl::StrCat("data/train/", name))}});
  };
  const auto a = list("a"), b = list("b"), c = list("c");
  ASSERT_TRUE(a.ok()) << a.status();
  EXPECT_EQ(a->images.size(), 1u);
  EXPECT_THAT(a->others, ElementsAre(Path("data/train/a/below")));
  ASSERT_TRUE(b.ok()) << b.status();
  EXPECT_EQ(b->images.size(), 1u);
  EXPECT_EQ(c.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(c.status().message()), HasSubstr("data/train/c is a symbolic link to "));
}

TEST_F(ListingTest, SaysWhatIsNoFolder) {
  absl::Status status = ListFolder(Path("none")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), absl::StrCat("there is no folder ", Path("none")));
  WriteFile(Path("flowers.zip"), "PK\3\4");
  status = ListFolder(Path("flowers.zip")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("flowers.zip is a file, expected a folder"));
}

}  // namespace
}  // namespace pdarts::images
