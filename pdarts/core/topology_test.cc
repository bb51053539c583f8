#include "pdarts/core/topology.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

Topology TwoEdges() { return {{{"cell", {{0, 1}, {0, 2}}, {"none", "skip", "conv"}}}}; }

TEST(Topology, AllCandidatesHoldsEveryOperation) {
  EXPECT_EQ(AllCandidates(TwoEdges()), (Candidates{{{0, 1, 2}, {0, 1, 2}}}));
  EXPECT_EQ(OperationIndex(TwoEdges().kinds[0], "skip"), 1);
  EXPECT_EQ(OperationIndex(TwoEdges().kinds[0], "pool"), -1);
}

TEST(Topology, CandidatesThatDoNotFitAreNamed) {
  const auto error = [](const Candidates& candidates) {
    return CheckCandidates(TwoEdges(), candidates).ToString();
  };
  EXPECT_TRUE(CheckCandidates(TwoEdges(), {{{0, 2}, {1, 2}}}).ok());
  EXPECT_THAT(error({}), HasSubstr("0 cell kinds, but the space has 1"));
  EXPECT_THAT(error({{{0}}}), HasSubstr("1 edges for the cell kind cell, which has 2"));
  EXPECT_THAT(error({{{0}, {}}}), HasSubstr("cell edge 1 has no candidates"));
  EXPECT_THAT(error({{{0}, {0, 1}}}), HasSubstr("cell edge 1 has 2 candidates, but edge 0 has 1"));
  EXPECT_THAT(error({{{0, 3}, {0, 1}}}), HasSubstr("operation index 3"));
  EXPECT_THAT(error({{{1, 0}, {0, 1}}}), HasSubstr("operation index 0 at position 1"));
}

TEST(Topology, ProbabilitiesMustBeProbabilities) {
  const Candidates candidates = {{{0, 1}, {1, 2}}};
  EXPECT_TRUE(CheckProbabilities(candidates, {{{0.5, 0.5}, {1, 0}}}).ok());
  EXPECT_FALSE(CheckProbabilities(candidates, {{{0.5, 0.5}}}).ok());
  EXPECT_FALSE(CheckProbabilities(candidates, {{{0.5, 0.5}, {1}}}).ok());
  EXPECT_THAT(CheckProbabilities(candidates, {{{0.5, 0.5}, {NAN, 0}}}).ToString(),
              HasSubstr("nan is not a probability"));
}

TEST(Topology, KeepsTheMostProbableInTheirOrder) {
  const Candidates candidates = {{{0, 1, 2}, {0, 1, 2}}};
  EXPECT_EQ(*KeepMostProbable(candidates, {{{0.5, 0.2, 0.3}, {0.1, 0.1, 0.1}}}, 2),
            (Candidates{{{0, 2}, {1, 2}}}))
      << "of equal values the first goes";
  EXPECT_FALSE(KeepMostProbable(candidates, {{{1, 0, 0}, {1, 0, 0}}}, 0).ok());
  EXPECT_FALSE(KeepMostProbable(candidates, {{{1, 0, 0}, {1, 0, 0}}}, 4).ok());
}

}  // namespace
}  // namespace pdarts
