#include "pdarts/runs/search_decision.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

/// The numbers of a search on 242 photographs of five classes.
RunResult Undecided() {
  RunResult result;
  result.set_chance_top1(ChanceTop1(5));
  result.set_supernet_top1(20.66);
  result.set_supernet_images(121);
  SetProbabilities({{{0, 1, 2}, {0, 1, 2}}}, {{{0.3309, 0.3336, 0.3355}, {0.334, 0.333, 0.333}}},
                   &result);
  return result;
}

TEST(SearchDecisionTest, ASearchNearChanceAndEvenSharesDecidedNothing) {
  EXPECT_THAT(DecidedNothing(Undecided()),
              HasSubstr("between 0.3309 and 0.3355, where an even share is 0.3333, and the "
                        "super-network's top-1 accuracy of 20.66% is close to chance, 20.00%"));
}

TEST(SearchDecisionTest, OneProbabilityThatStandsOutIsADecision) {
  RunResult result = Undecided();
  result.set_greatest_probability(0.36);
  EXPECT_EQ(DecidedNothing(result), "");
  result = Undecided();
  result.set_least_probability(0.3);
  EXPECT_EQ(DecidedNothing(result), "");
}

TEST(SearchDecisionTest, AccuracyAboveChanceAndLuckIsADecision) {
  RunResult result = Undecided();
  result.set_supernet_top1(27);  // two standard errors of 121 random predictions are 7.3 points
  EXPECT_NE(DecidedNothing(result), "");
  result.set_supernet_top1(28);
  EXPECT_EQ(DecidedNothing(result), "");
  result.set_supernet_images(10000);
  result.set_supernet_top1(24);  // a quarter of the accuracy by chance is 5 points
  EXPECT_NE(DecidedNothing(result), "");
  result.set_supernet_top1(26);
  EXPECT_EQ(DecidedNothing(result), "");
}

TEST(SearchDecisionTest, AResultWithoutTheNumbersSaysNothing) {
  RunResult result;
  result.set_supernet_top1(10);
  EXPECT_EQ(DecidedNothing(result), "");
  EXPECT_TRUE(HasTop5(result));
}

TEST(SearchDecisionTest, TheCellKindThatIsFarthestFromEvenCounts) {
  RunResult result;
  SetProbabilities({{{0, 1}}, {{0, 1, 2, 3}}}, {{{0.49, 0.51}}, {{0.2, 0.2, 0.2, 0.4}}}, &result);
  EXPECT_EQ(result.even_share(), 0.25);
  EXPECT_EQ(result.least_probability(), 0.2);
  EXPECT_EQ(result.greatest_probability(), 0.4);
}

TEST(SearchDecisionTest, OneCandidateAnEdgeSharesTheEdges) {
  RunResult result;
  SetProbabilities({{{0}, {1}, {0}, {2}}}, {{{0.2}, {0.3}, {0.25}, {0.25}}}, &result);
  EXPECT_EQ(result.even_share(), 0.25);
}

TEST(SearchDecisionTest, FiveClassesHaveNoTop5) {
  EXPECT_EQ(AccuracyText(34.5, 100, 5), "top-1 34.50% (chance 20.00%)");
  EXPECT_EQ(AccuracyText(34.5, 80, 6), "top-1 34.50% (chance 16.67%), top-5 80.00%");
  RunResult result;
  result.set_chance_top1(ChanceTop1(5));
  EXPECT_FALSE(HasTop5(result));
  result.set_chance_top1(ChanceTop1(6));
  EXPECT_TRUE(HasTop5(result));
}

}  // namespace
}  // namespace pdarts
