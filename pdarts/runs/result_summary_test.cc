#include "pdarts/runs/result_summary.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

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
  EXPECT_THAT(columns[0].values, ElementsAre(std::nullopt, Optional(2.5), std::nullopt));
  EXPECT_EQ(columns[0].deviation, 0);
  EXPECT_EQ(columns[1].name, "supernet_top1");
  EXPECT_THAT(columns[1].values, ElementsAre(Optional(40), Optional(43), Optional(46)));
  EXPECT_DOUBLE_EQ(columns[1].mean, 43);
  EXPECT_DOUBLE_EQ(columns[1].deviation, 3);
}

TEST(SummarizeResultsTest, SeesWhatABenchmarkSays) {
  std::vector<RunResult> results = {Result(1, 40), Result(3, 40)};
  results[0].mutable_benchmark()->set_accuracy(93);
  results[0].mutable_benchmark()->set_rank(10);
  results[1].mutable_benchmark()->set_accuracy(94);
  results[1].mutable_benchmark()->set_rank(20);
  const std::vector<ColumnSummary> columns = SummarizeResults(results);
  ASSERT_EQ(columns.size(), 3u);
  EXPECT_EQ(columns[1].name, "benchmark.accuracy");
  EXPECT_DOUBLE_EQ(columns[1].mean, 93.5);
  EXPECT_EQ(columns[2].name, "benchmark.rank");
  EXPECT_DOUBLE_EQ(columns[2].mean, 15);
}

TEST(SummarizeResultsTest, CallsAPredictionOne) {
  std::vector<RunResult> results = {Result(1, 40)};
  BenchmarkScore* const score = results[0].mutable_benchmark();
  score->set_accuracy(94);
  score->set_predicted(true);
  score->add_interval(93.5);
  score->add_interval(94.5);
  score->set_percentile(97);
  const std::vector<ColumnSummary> columns = SummarizeResults(results);
  ASSERT_EQ(columns.size(), 3u);
  EXPECT_EQ(columns[1].name, "prediction.accuracy");
  EXPECT_EQ(columns[2].name, "prediction.percentile");
}

TEST(OriginDifferencesTest, AreToldWithTheSeedsOfEachValue) {
  std::vector<RunResult> results = {Result(1, 40), Result(3, 43), Result(5, 46)};
  for (RunResult& result : results) {
    result.set_commit("4c3f076");
    result.set_dataset_checksum("sha256:1");
    result.set_threads(2);
  }
  EXPECT_TRUE(OriginDifferences(results).empty());
  results[0].set_finished("another time");
  EXPECT_TRUE(OriginDifferences(results).empty());
  results[2].set_commit("7feb16c");
  results[1].set_threads(1);
  results[0].clear_dataset_checksum();
  EXPECT_THAT(OriginDifferences(results),
              ElementsAre("commit: 4c3f076 (seeds 1, 3), 7feb16c (seed 5)",
                          "threads: 2 (seeds 1, 5), 1 (seed 3)",
                          "dataset_checksum: unknown (seed 1), sha256:1 (seeds 3, 5)"));
  EXPECT_TRUE(OriginDifferences({}).empty());
}

TEST(SummarizeResultsTest, OfNothingIsNothing) { EXPECT_TRUE(SummarizeResults({}).empty()); }

}  // namespace
}  // namespace pdarts
