// Tests of the contract of benchmarks, run on all registered benchmarks.

#include <cmath>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/benchmark.h"
#include "pdarts/core/search_space.h"
#include "tests/batteries/plugins_of.h"

namespace pdarts {
namespace {

class BenchmarkBattery : public ::testing::TestWithParam<std::string> {
 protected:
  const std::unique_ptr<Benchmark> benchmark_ = MakeDefault<Benchmark>(GetParam());
};

TEST_P(BenchmarkBattery, EveryTextIsOneOfItsSpaceAndReadsBack) {
  if (benchmark_->predicts()) GTEST_SKIP() << "has no table";
  const auto space = MakeDefault<SearchSpace>(benchmark_->space());
  ASSERT_GT(benchmark_->size(), 0);
  std::set<std::string> forms;
  for (int i = 0; i < benchmark_->size(); ++i) {
    const std::string text = benchmark_->Text(i).value();
    const auto architecture = space->Parse(text);
    ASSERT_TRUE(architecture.ok()) << architecture.status();
    EXPECT_EQ(space->Format(*architecture).value(), text);
    EXPECT_EQ(benchmark_->Index(text).value(), i);
    forms.insert(space->CanonicalForm(*architecture).value());
  }
  EXPECT_GT(forms.size(), 1u);
  EXPECT_LE(forms.size(), static_cast<size_t>(benchmark_->size()));
}

TEST_P(BenchmarkBattery, ScoresOfAllDataSetsAreInOrder) {
  if (benchmark_->predicts()) GTEST_SKIP() << "has no table";
  EXPECT_THAT(benchmark_->datasets(), ::testing::Contains(benchmark_->default_dataset()));
  for (const std::string& dataset : benchmark_->datasets()) {
    int rank = 0;
    double accuracy = INFINITY;
    const std::vector<int> best = benchmark_->Best(10, dataset).value();
    EXPECT_FALSE(best.empty());
    for (const int index : best) {
      const BenchmarkScore score = benchmark_->Score(index, dataset).value();
      EXPECT_EQ(score.dataset(), dataset);
      EXPECT_LE(score.accuracy(), accuracy);
      EXPECT_GE(score.rank(), rank);
      EXPECT_GE(score.regret(), 0);
      EXPECT_LE(score.percentile(), 100);
      rank = score.rank();
      accuracy = score.accuracy();
    }
  }
}

TEST_P(BenchmarkBattery, PredictionsHaveAnIntervalAndAPercentileInsideTheData) {
  if (!benchmark_->predicts()) GTEST_SKIP() << "has a table";
  EXPECT_EQ(benchmark_->size(), 0);
  EXPECT_THAT(benchmark_->datasets(), ::testing::Contains(benchmark_->default_dataset()));
  const auto space = MakeDefault<SearchSpace>(benchmark_->space());
  ASSERT_FALSE(space->known_architectures().empty());
  for (const auto& [name, text] : space->known_architectures()) {
    for (const std::string& dataset : benchmark_->datasets()) {
      const BenchmarkScore score = benchmark_->Score(text, dataset).value();
      EXPECT_EQ(score.dataset(), dataset);
      EXPECT_EQ(score.architecture(), text);
      EXPECT_TRUE(score.predicted()) << name;
      ASSERT_EQ(score.interval_size(), 2) << name;
      EXPECT_LE(score.interval(0), score.accuracy()) << name;
      EXPECT_GE(score.interval(1), score.accuracy()) << name;
      EXPECT_NE(score.extrapolated(), score.has_percentile()) << name;
      EXPECT_GE(score.percentile(), 0) << name;
      EXPECT_LE(score.percentile(), 100) << name;
    }
  }
}

TEST_P(BenchmarkBattery, WrongArgumentsAreErrors) {
  EXPECT_FALSE(benchmark_->Text(-1).ok());
  EXPECT_FALSE(benchmark_->Score(benchmark_->size()).ok());
  EXPECT_FALSE(benchmark_->Score(0, "no such dataset").ok());
  EXPECT_FALSE(benchmark_->Best(1, "no such dataset").ok());
  EXPECT_FALSE(benchmark_->Best(-1).ok());
  EXPECT_FALSE(benchmark_->Index("no such architecture").ok());
  EXPECT_FALSE(benchmark_->Score("no such architecture").ok());
  EXPECT_FALSE(benchmark_->UseModel("/no such file").ok());
  EXPECT_FALSE(benchmark_->AddTable("/no such file").ok());
}

INSTANTIATE_TEST_SUITE_P(Registered, BenchmarkBattery, PluginsOf<Benchmark>(), PluginTestName);

}  // namespace
}  // namespace pdarts
