#include "pdarts/sweeps/architecture_judge.h"

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "google/protobuf/empty.pb.h"
#include "gtest/gtest.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/training.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Predicts 90% for every architecture, and does not know architectures with a skip connection.
class NinetyBenchmark : public Benchmark {
 public:
  std::string space() const override { return "darts"; }
  bool predicts() const override { return true; }
  std::vector<std::string> datasets() const override { return {"made_up"}; }
  std::string default_dataset() const override { return "made_up"; }

 private:
  absl::StatusOr<BenchmarkScore> DoPredict(absl::string_view architecture,
                                           absl::string_view) const override {
    BenchmarkScore score;
    score.set_accuracy(90);
    score.add_interval(89);
    score.add_interval(91);
    score.set_extrapolated(absl::StrContains(architecture, "skip_connect"));
    if (!score.extrapolated()) score.set_percentile(50);
    return score;
  }
};

const bool registered = Registry<Benchmark>::Register<google::protobuf::Empty>(
    "ninety", "a benchmark of a test",
    [](const google::protobuf::Empty&) -> absl::StatusOr<std::unique_ptr<Benchmark>> {
      return std::make_unique<NinetyBenchmark>();
    });

class ArchitectureJudgeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    judge_ = JudgeByBenchmark("ninety", "").value();
    groups_ = {
        {"given", {judge_.space->Format(ParseGenotype(*judge_.space, "PDARTS").value()).value()}}};
  }

  Judge judge_;
  std::vector<GivenGroup> groups_;
};

TEST_F(ArchitectureJudgeTest, ABenchmarkHasItsOwnSpace) {
  EXPECT_TRUE(JudgeByBenchmark("ninety", "darts").ok());
  EXPECT_EQ(JudgeByBenchmark("ninety", "nasbench201").status().message(),
            "--space: nasbench201, but the benchmark ninety is of the space darts");
  EXPECT_THAT(std::string(JudgeByBenchmark("none", "").status().message()),
              HasSubstr("--benchmark: "));
}

TEST_F(ArchitectureJudgeTest, RandomArchitecturesHaveTheMatchedCost) {
  const CostCounter counter = CostCounter::Create(judge_).value();
  const double given = counter.Count(groups_[0].architectures[0]).value().macs;
  EXPECT_EQ(given, 532174464);
  const auto drawn = DrawRandom(judge_, groups_, 3, 1, MatchedCost{"macs", 0.1}, counter);
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  ASSERT_EQ(drawn->size(), 3u);
  for (const std::string& text : *drawn) {
    EXPECT_LE(std::abs(counter.Count(text).value().macs - given), 0.1 * given) << text;
  }
  // The seed determines the architectures.
  EXPECT_EQ(DrawRandom(judge_, groups_, 3, 1, MatchedCost{"macs", 0.1}, counter).value(), *drawn);
  EXPECT_NE(DrawRandom(judge_, groups_, 3, 2, std::nullopt, counter).value(),
            DrawRandom(judge_, groups_, 3, 1, std::nullopt, counter).value());
}

TEST_F(ArchitectureJudgeTest, ANoteCountsArchitecturesOutsideTheData) {
  std::vector<std::string> notes;
  const auto accuracies = AskBenchmark(*judge_.benchmark, groups_, &notes);
  ASSERT_TRUE(accuracies.ok()) << accuracies.status();
  EXPECT_THAT(*accuracies, ElementsAre(90));
  EXPECT_THAT(notes, ElementsAre(HasSubstr("1 of the 1 architectures of the group given lie")));
}

TEST_F(ArchitectureJudgeTest, TheLastGroupIsRandom) {
  const CostCounter counter = CostCounter::Create(judge_).value();
  const std::string text = groups_[0].architectures[0];
  groups_.push_back({kRandomGroup, {text}});
  const auto compared = CompareMeasured(groups_, {92, 90}, {{text, 1.5}}, 1, counter);
  ASSERT_TRUE(compared.ok()) << compared.status();
  const Comparison& comparison = compared->comparison;
  ASSERT_EQ(comparison.groups_size(), 2);
  EXPECT_EQ(comparison.groups(0).mean(), 92);
  EXPECT_EQ(comparison.groups(1).name(), kRandomGroup);
  EXPECT_EQ(comparison.architectures(1).accuracy(), 90);
  EXPECT_EQ(comparison.architectures(1).macs(), 532174464);
  EXPECT_EQ(comparison.architectures(0).latency_ms(), 1.5);
  EXPECT_THAT(DescribeComparison(judge_, {1}, compared->is_exact).accuracy,
              HasSubstr("are predictions of the benchmark ninety, not measurements"));
}

TEST(JudgeByTrainingTest, InitialWeightsAreAnError) {
  Judge judge;
  judge.spec.mutable_initial_weights()->set_file("weights");
  EXPECT_THAT(std::string(CompleteTraining("PDARTS", &judge).message()),
              HasSubstr("initial_weights: is set"));
}

}  // namespace
}  // namespace pdarts
