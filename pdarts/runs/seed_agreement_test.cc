#include "pdarts/runs/seed_agreement.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

/// Probabilities of one cell kind: of each edge, the operations and their probabilities.
LoggedProbabilities ProbabilitiesOf(
    const std::vector<std::vector<std::pair<std::string, double>>>& edges) {
  CellProbabilities cell;
  cell.set_cell_kind("normal");
  for (const auto& edge : edges) {
    EdgeCandidateProbabilities* row = cell.add_edges();
    for (const auto& [operation, probability] : edge) {
      row->add_operations(operation);
      row->add_probabilities(probability);
    }
  }
  return {cell};
}

TEST(SeedAgreementTest, IsTheCorrelationOfTheLogProbabilities) {
  const auto a = ProbabilitiesOf({{{"x", 0.5}, {"y", 0.25}, {"z", 0.25}}});
  const auto b = ProbabilitiesOf({{{"x", 0.25}, {"y", 0.5}, {"z", 0.25}}});
  EXPECT_NEAR(*Agreement(a, a), 1, 1e-12);
  // The deviations from the means are log(2) times (2, -1, -1) / 3 and (-1, 2, -1) / 3.
  EXPECT_NEAR(*Agreement(a, b), -0.5, 1e-12);
}

TEST(SeedAgreementTest, OnlyCommonCandidatesOfEdgesWithAChoiceCount) {
  const auto a = ProbabilitiesOf({{{"x", 0.7}, {"y", 0.3}}, {{"x", 0.6}, {"z", 0.4}}, {{"x", 1}}});
  const auto b = ProbabilitiesOf({{{"y", 0.8}, {"x", 0.2}}, {{"x", 0.6}, {"y", 0.4}}, {{"x", 1}}});
  // Common: x and y of the first edge, and x of the second edge.
  const double a_values[] = {std::log(1.4), std::log(0.6), std::log(1.2)};
  const double b_values[] = {std::log(0.4), std::log(1.6), std::log(1.2)};
  double mean_a = 0, mean_b = 0, ab = 0, aa = 0, bb = 0;
  for (int i = 0; i < 3; ++i) mean_a += a_values[i] / 3, mean_b += b_values[i] / 3;
  for (int i = 0; i < 3; ++i) {
    ab += (a_values[i] - mean_a) * (b_values[i] - mean_b);
    aa += (a_values[i] - mean_a) * (a_values[i] - mean_a);
    bb += (b_values[i] - mean_b) * (b_values[i] - mean_b);
  }
  EXPECT_NEAR(*Agreement(a, b), ab / std::sqrt(aa * bb), 1e-12);
}

TEST(SeedAgreementTest, WithoutDifferencesThereIsNoNumber) {
  const auto even = ProbabilitiesOf({{{"x", 0.5}, {"y", 0.5}}});
  const auto other = ProbabilitiesOf({{{"x", 0.6}, {"y", 0.4}}});
  EXPECT_FALSE(Agreement(even, other).has_value());
  EXPECT_FALSE(Agreement({}, other).has_value());
  EXPECT_FALSE(Agreement(ProbabilitiesOf({{{"z", 0.6}, {"y", 0.4}}}), other).has_value());
  const auto zero = ProbabilitiesOf({{{"x", 1}, {"y", 0}}});  // its log is not a number
  EXPECT_FALSE(Agreement(zero, other).has_value());
}

TEST(SeedAgreementTest, TheLastEpochOfEachStageCounts) {
  StageEnds ends;
  for (const int stage : {1, 2}) {
    for (const double p : {0.3, 0.6 + 0.1 * stage}) {
      LogEvent event;
      event.set_event("epoch");
      event.set_stage(stage);
      *event.add_probabilities() = ProbabilitiesOf({{{"x", p}, {"y", 1 - p}}})[0];
      UpdateStageEnds(event, &ends);
    }
    LogEvent end;
    end.set_event("stage_end");
    end.set_stage(stage);
    end.add_probabilities()->add_edges()->add_operations("x");
    UpdateStageEnds(end, &ends);
  }
  ASSERT_EQ(ends.size(), 2u);
  EXPECT_EQ(ends[1][0].edges(0).probabilities(0), 0.7);
  EXPECT_EQ(ends[2][0].edges(0).probabilities(0), 0.8);
}

TEST(SeedAgreementTest, OfSeveralSearchesItIsTheMeanOfAllPairs) {
  const auto up = ProbabilitiesOf({{{"x", 0.6}, {"y", 0.4}}});
  const auto down = ProbabilitiesOf({{{"x", 0.4}, {"y", 0.6}}});
  const std::vector<StageAgreement> stages =
      AgreementByStage({{{1, up}, {2, up}}, {{1, up}, {2, up}}, {{1, down}}, {{3, up}}});
  ASSERT_EQ(stages.size(), 2u);  // only one search has the third stage
  EXPECT_EQ(stages[0].stage(), 1);
  EXPECT_NEAR(stages[0].mean(), -1.0 / 3, 1e-12);
  EXPECT_NEAR(stages[0].minimum(), -1, 1e-12);
  EXPECT_NEAR(stages[0].maximum(), 1, 1e-12);
  EXPECT_EQ(stages[1].stage(), 2);
  EXPECT_NEAR(stages[1].mean(), 1, 1e-12);
}

}  // namespace
}  // namespace pdarts
