#include "pdarts/datasets/imagenet/validation_list.h"

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts::imagenet {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const std::vector<std::string>& Files() {
  static const auto* const files = new std::vector<std::string>{"val_1.JPEG", "val_2.JPEG"};
  return *files;
}
const std::vector<std::string>& Synsets() {
  static const auto* const synsets =
      new std::vector<std::string>{"n00000001", "n00000005", "n00000009"};
  return *synsets;
}

std::string Error(absl::string_view text) {
  const absl::Status status = ReadValidationList(text, Files(), Synsets()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  return std::string(status.message());
}

TEST(ValidationList, EveryUsualKindIsRead) {
  for (const char* text :
       {"val_2.JPEG 0\nval_1.JPEG 2\n",
        "ImageId,PredictionString\r\nval_2,n00000001 1 2 3 4\r\nval_1,n00000009 5 6 7 8\r\n",
        "n00000009\nn00000001", "val_1.JPEG\tn00000009\n\nval_2.JPEG\tn00000001\n"}) {
    const auto classes = ReadValidationList(text, Files(), Synsets());
    ASSERT_TRUE(classes.ok()) << classes.status();
    EXPECT_THAT(*classes, ElementsAre(Pair("val_1.JPEG", 2), Pair("val_2.JPEG", 0))) << text;
  }
  EXPECT_EQ(ReadValidationList("val_2.JPEG 1", Files(), Synsets())->size(), 1u);
}

TEST(ValidationList, SaysWhichLineIsWrong) {
  EXPECT_THAT(Error("val_1.JPEG 0\nval_3.JPEG 1"),
              AllOf(HasSubstr("line 2"), HasSubstr("no such file")));
  EXPECT_THAT(Error("val_1.JPEG 3"), HasSubstr("a class in [0, 3)"));
  EXPECT_THAT(Error("val_1.JPEG n00000002"), HasSubstr("no folder of training images"));
  EXPECT_THAT(Error("490\n361"), AllOf(HasSubstr("line 1: \"490\""), HasSubstr("ground_truth")));
  EXPECT_THAT(Error("n00000001"), HasSubstr("has 1 synsets, expected one for each of 2 files"));
  EXPECT_THAT(Error("n00000001\nn00000001\nn00000001"), HasSubstr("line 3"));
  EXPECT_THAT(Error(","), HasSubstr("line 1"));
}

TEST(SynsetNames, TheFirstNameOfALine) {
  EXPECT_THAT(
      ReadSynsetNames("n01440764 tench, Tinca tinca\nn01443537\tgoldfish\nnothing\nn0144353"),
      ElementsAre(Pair("n01440764", "tench"), Pair("n01443537", "goldfish")));
  EXPECT_TRUE(IsSynset("n01440764"));
  EXPECT_FALSE(IsSynset("n0144076"));
  EXPECT_FALSE(IsSynset("x01440764"));
  EXPECT_FALSE(IsSynset("n0144076x"));
}

}  // namespace
}  // namespace pdarts::imagenet
