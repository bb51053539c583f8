#include "pdarts/cli/sweep_grid.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

std::string ErrorOf(const std::vector<std::string>& texts) {
  return std::string(ParseGrid(texts).status().message());
}

TEST(SweepGridTest, CombinesAllValues) {
  const auto grid = ParseGrid({"search.batch_size=32,64", "space.allow_none=true,false"});
  ASSERT_TRUE(grid.ok()) << grid.status();
  EXPECT_THAT(CombinationsOf(*grid),
              ElementsAre(ElementsAre("search.batch_size=32", "space.allow_none=true"),
                          ElementsAre("search.batch_size=32", "space.allow_none=false"),
                          ElementsAre("search.batch_size=64", "space.allow_none=true"),
                          ElementsAre("search.batch_size=64", "space.allow_none=false")));
  EXPECT_THAT(CombinationsOf({}), ElementsAre(ElementsAre()));
}

TEST(SweepGridTest, CommasInBracketsSeparateNoValues) {
  const auto grid = ParseGrid({"regularizers[skip_dropout].initial_rates=[0,0,0],[0,0.2,0.4]"});
  ASSERT_TRUE(grid.ok()) << grid.status();
  ASSERT_EQ(grid->size(), 1u);
  EXPECT_THAT((*grid)[0].values, ElementsAre("[0,0,0]", "[0,0.2,0.4]"));
}

TEST(SweepGridTest, NamesWhatIsWrong) {
  EXPECT_THAT(ErrorOf({"search.batch_size"}), HasSubstr("expected FIELD=V1,V2"));
  EXPECT_THAT(ErrorOf({"=1"}), HasSubstr("expected FIELD=V1,V2"));
  EXPECT_THAT(ErrorOf({"a=1,,2"}), HasSubstr("a=1,,2: a value is empty"));
  EXPECT_THAT(ErrorOf({"a=1,2,1"}), HasSubstr("the value 1 occurs twice"));
  EXPECT_THAT(ErrorOf({"a=1", "a=2"}), HasSubstr("the field a is given twice"));
  EXPECT_THAT(ErrorOf({"seed=1,2"}), HasSubstr("--seeds"));
  EXPECT_THAT(ErrorOf({"name=a,b"}), HasSubstr("cannot vary the field name"));
}

TEST(SweepGridTest, DirectoriesHaveReadableAndDifferentNames) {
  const auto name = [](const std::vector<std::string>& texts, size_t number) {
    const auto grid = ParseGrid(texts);
    return DirectorySuffix(*grid, CombinationsOf(*grid)[number]);
  };
  EXPECT_EQ(name({"search.alphas.learning_rate=6e-4,3e-3", "search.batch_size=8"}, 1),
            "-learning_rate=3e-3-batch_size=8");
  EXPECT_EQ(name({"search.alphas.learning_rate=1", "search.weights.learning_rate=2"}, 0),
            "-search.alphas.learning_rate=1-search.weights.learning_rate=2");
  EXPECT_EQ(name({"schedule.stages[1].channels=8"}, 0), "-channels=8");
  // Values that cannot be parts of a file name differ by their checksums.
  const std::vector<std::string> lists = {"rates=[0,0],[0/0]"};
  EXPECT_THAT(name(lists, 0), MatchesRegex("-rates=_0_0_-[0-9a-f]{8}"));
  EXPECT_NE(name(lists, 0), name(lists, 1));
  EXPECT_LT(name({"genotype=" + std::string(1000, 'x')}, 0).size(), 60u);
  EXPECT_EQ(DirectorySuffix({}, {}), "");
}

}  // namespace
}  // namespace pdarts
