#include "pdarts/runs/result_summary.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;

RunResult Result(double seed, double top1) {
  RunResult result;
  result.set_seed(seed);
  result.set_supernet_top1(top1);
  return result;
}

TEST(SummarizeResultsTest, GivesMeanAndSampleDeviationOfWhatWasMeasured) {
  std::vector<RunResult> results = {Result(1, 40), Result(3, 43), Result(5, 46)};
  results[1].set_params_m(2.5);
  const std::vector<ColumnSummary> columns = SummarizeResults(results);
  ASSERT_EQ(columns.size(), 2u);
  EXPECT_EQ(columns[0].name, "params_m");
  EXPECT_THAT(columns[0].values, ElementsAre(2.5));
  EXPECT_EQ(columns[0].deviation, 0);
  EXPECT_EQ(columns[1].name, "supernet_top1");
  EXPECT_THAT(columns[1].values, ElementsAre(40, 43, 46));
  EXPECT_DOUBLE_EQ(columns[1].mean, 43);
  EXPECT_DOUBLE_EQ(columns[1].deviation, 3);
}

TEST(SummarizeResultsTest, OfNothingIsNothing) { EXPECT_TRUE(SummarizeResults({}).empty()); }

}  // namespace
}  // namespace pdarts
