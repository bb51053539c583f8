#include "pdarts/runs/any_spec.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Error(const std::string& text) {
  return std::string(ParseAnySpec(text, "file").status().message());
}

TEST(AnySpecTest, TellsTrainingsFromSearches) {
  const auto training = ParseAnySpec("name: 'a' train { epochs: 2 }", "file");
  ASSERT_TRUE(training.ok()) << training.status();
  EXPECT_TRUE(IsTraining(**training));
  for (const char* text : {"name: 'a' search { batch_size: 2 }", "name: 'a'"}) {
    const auto search = ParseAnySpec(text, "file");
    ASSERT_TRUE(search.ok()) << search.status();
    EXPECT_FALSE(IsTraining(**search)) << text;
  }
}

TEST(AnySpecTest, SaysWhatIsWrongForEachKind) {
  EXPECT_THAT(Error("train { epoch: 2 }"),
              AllOf(HasSubstr("(as the spec of a search); "), HasSubstr("\"epoch\""),
                    HasSubstr("(as the spec of a training)")));
  EXPECT_THAT(Error("name: 'd' space {"), AllOf(HasSubstr("file:1:"), Not(HasSubstr("as the"))));
}

}  // namespace
}  // namespace pdarts
