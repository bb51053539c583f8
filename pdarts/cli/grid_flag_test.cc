#include "pdarts/cli/grid_flag.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ErrorOf(const std::vector<std::string>& texts) {
  return std::string(ParseGrid(texts).status().message());
}

TEST(GridFlagTest, CommasInBracketsSeparateNoValues) {
  const auto grid = ParseGrid({"regularizers[skip_dropout].initial_rates=[0,0,0],[0,0.2,0.4]"});
  ASSERT_TRUE(grid.ok()) << grid.status();
  ASSERT_EQ(grid->size(), 1u);
  EXPECT_THAT((*grid)[0].values, ElementsAre("[0,0,0]", "[0,0.2,0.4]"));
}

TEST(GridFlagTest, NamesWhatIsWrong) {
  EXPECT_THAT(ErrorOf({"search.batch_size"}), HasSubstr("expected FIELD=V1,V2"));
  EXPECT_THAT(ErrorOf({"=1"}), HasSubstr("expected FIELD=V1,V2"));
  EXPECT_THAT(ErrorOf({"a=1,,2"}), HasSubstr("a=1,,2: a value is empty"));
  EXPECT_THAT(ErrorOf({"a=1,2,1"}), HasSubstr("the value 1 occurs twice"));
  EXPECT_THAT(ErrorOf({"a=1", "a=2"}), HasSubstr("the field a is given twice"));
  EXPECT_THAT(ErrorOf({"seed=1,2"}), HasSubstr("--seeds"));
  EXPECT_THAT(ErrorOf({"name=a,b"}), HasSubstr("cannot vary the field name"));
}

}  // namespace
}  // namespace pdarts
