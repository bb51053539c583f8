#include "pdarts/sweeps/sweep_grid.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::MatchesRegex;

TEST(SweepGridTest, CombinesAllValues) {
  const std::vector<GridField> grid = {{"search.batch_size", {"32", "64"}},
                                       {"space.allow_none", {"true", "false"}}};
  EXPECT_THAT(CombinationsOf(grid),
              ElementsAre(ElementsAre("search.batch_size=32", "space.allow_none=true"),
                          ElementsAre("search.batch_size=32", "space.allow_none=false"),
                          ElementsAre("search.batch_size=64", "space.allow_none=true"),
                          ElementsAre("search.batch_size=64", "space.allow_none=false")));
  EXPECT_THAT(CombinationsOf({}), ElementsAre(ElementsAre()));
}

TEST(SweepGridTest, DirectoriesHaveReadableAndDifferentNames) {
  const auto name = [](const std::vector<GridField>& grid, size_t number) {
    return DirectorySuffix(grid, CombinationsOf(grid)[number]);
  };
  EXPECT_EQ(
      name({{"search.alphas.learning_rate", {"6e-4", "3e-3"}}, {"search.batch_size", {"8"}}}, 1),
      "-learning_rate=3e-3-batch_size=8");
  EXPECT_EQ(
      name({{"search.alphas.learning_rate", {"1"}}, {"search.weights.learning_rate", {"2"}}}, 0),
      "-search.alphas.learning_rate=1-search.weights.learning_rate=2");
  EXPECT_EQ(name({{"schedule.stages[1].channels", {"8"}}}, 0), "-channels=8");
  // Values that cannot be parts of a file name differ by their checksums.
  const std::vector<GridField> lists = {{"rates", {"[0,0]", "[0/0]"}}};
  EXPECT_THAT(name(lists, 0), MatchesRegex("-rates=_0_0_-[0-9a-f]{8}"));
  EXPECT_NE(name(lists, 0), name(lists, 1));
  EXPECT_LT(name({{"genotype", {std::string(1000, 'x')}}}, 0).size(), 60u);
  EXPECT_EQ(DirectorySuffix({}, {}), "");
}

}  // namespace
}  // namespace pdarts
