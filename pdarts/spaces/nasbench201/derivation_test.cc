#include "pdarts/spaces/nasbench201/derivation.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/spaces/nasbench201/cell.h"

namespace pdarts::nasbench201 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Every edge has the same probabilities of all five operations.
EdgeProbabilities Everywhere(const std::vector<double>& probabilities) {
  return {std::vector<std::vector<double>>(kNumEdges, probabilities)};
}

Derivation Derive(const EdgeProbabilities& probabilities, const DerivationOptions& options = {},
                  bool allow_none = true) {
  return DeriveCell(AllCandidates(NasBench201Topology()), probabilities, options, allow_none)
      .value();
}

CellOperations Found(const Derivation& derivation) {
  return FromArchitecture(derivation.architecture);
}

TEST(Derivation, TakesTheMostProbableAndOfEqualsTheFirst) {
  EXPECT_THAT(Found(Derive(Everywhere({0.1, 0.2, 0.3, 0.3, 0.1}))), ::testing::Each(kNorConv1x1));
  const Derivation none = Derive(Everywhere({0.4, 0.1, 0.1, 0.3, 0.1}));
  EXPECT_THAT(Found(none), ::testing::Each(kNone));
  EXPECT_THAT(none.trace.notes(), ElementsAre(HasSubstr("nothing leads from its input")));
}

TEST(Derivation, NoneCanBeForbidden) {
  const EdgeProbabilities probabilities = Everywhere({0.4, 0.1, 0.1, 0.3, 0.1});
  const Derivation derivation = Derive(probabilities, {}, /*allow_none=*/false);
  EXPECT_THAT(Found(derivation), ::testing::Each(kNorConv3x3));
  EXPECT_THAT(
      derivation.trace.notes(),
      ElementsAre(HasSubstr("cell, edges 0 -> 1, 0 -> 2, 1 -> 2, 0 -> 3, 1 -> 3, 2 -> 3: 'none'")));
  const Candidates only_none = {CellCandidates(kNumEdges, {kNone})};
  EXPECT_THAT(
      DeriveCell(only_none, {{{1}, {1}, {1}, {1}, {1}, {1}}}, {}, false).status().ToString(),
      HasSubstr("cell edge 0 -> 1: its only candidate is none"));
}

TEST(Derivation, TheTraceHoldsEveryEdge) {
  const Derivation derivation = Derive(Everywhere({0.1, 0.2, 0.15, 0.3, 0.25}));
  ASSERT_EQ(derivation.trace.edges_size(), kNumEdges);
  const EdgeDecision& edge = derivation.trace.edges(4);
  EXPECT_EQ(edge.edge(), 4);
  EXPECT_EQ(edge.from(), 1);
  EXPECT_EQ(edge.to(), 3);
  EXPECT_EQ(edge.operation(), "nor_conv_3x3");
  EXPECT_EQ(edge.score(), 0.3);
  EXPECT_TRUE(edge.kept());
  EXPECT_EQ(edge.candidates_size(), 5);
  EXPECT_THAT(edge.probabilities(), ElementsAre(0.1, 0.2, 0.15, 0.3, 0.25));
}

TEST(Derivation, ALimitTakesTheLeastProbableFirst) {
  EdgeProbabilities probabilities = Everywhere({0.1, 0.5, 0.1, 0.2, 0.1});
  probabilities[0][2] = {0.2, 0.4, 0.1, 0.2, 0.1};
  probabilities[0][4] = {0.1, 0.3, 0.25, 0.2, 0.15};
  const Derivation derivation = Derive(probabilities, {{{"cell", "skip_connect", 3}}});
  EXPECT_THAT(Found(derivation), ElementsAre(kNorConv3x3, kSkipConnect, kNone, kSkipConnect,
                                             kNorConv1x1, kSkipConnect));
  ASSERT_EQ(derivation.trace.limit_steps_size(), 3);
  const LimitStep& step = derivation.trace.limit_steps(0);
  EXPECT_EQ(step.edge(), 4);
  EXPECT_EQ(step.count(), 6);
  EXPECT_EQ(step.probability(), 0.3);
  EXPECT_EQ(step.replacement(), "nor_conv_1x1");
  EXPECT_FALSE(step.stays());
}

TEST(Derivation, AnOperationStaysBesideNoneAlsoWhereNoneIsAllowed) {
  const Candidates two = {CellCandidates(kNumEdges, {kNone, kSkipConnect})};
  const EdgeProbabilities probabilities = Everywhere({0.1, 0.9});
  const auto stays = DeriveCell(two, probabilities, {{{"cell", "skip_connect", 2}}}, true);
  ASSERT_TRUE(stays.ok()) << stays.status();
  EXPECT_THAT(Found(*stays), ::testing::Each(kSkipConnect));
  ASSERT_EQ(stays->trace.limit_steps_size(), kNumEdges);
  for (const LimitStep& step : stays->trace.limit_steps()) EXPECT_TRUE(step.stays());
  EXPECT_THAT(stays->trace.notes(), ElementsAre(HasSubstr("6 skip_connect stand although")));

  const auto none = DeriveCell(two, Everywhere({0.9, 0.1}), {{{"cell", "none", 0}}}, true);
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_THAT(Found(*none), ::testing::Each(kSkipConnect));
}

TEST(Derivation, TwoLimitsAndALimitThatCanNotBeKeptEnd) {
  const Derivation both =
      Derive(Everywhere({0.1, 0.4, 0.1, 0.3, 0.1}),
             {{{"cell", "nor_conv_3x3", 0}, {"cell", "skip_connect", 0}, {"cell", "none", 0}}});
  EXPECT_THAT(Found(both), ::testing::Each(kNorConv1x1));
  const Candidates only_skip = {CellCandidates(kNumEdges, {kSkipConnect})};
  const auto stuck = DeriveCell(only_skip, {{{1}, {1}, {1}, {1}, {1}, {1}}},
                                {{{"cell", "skip_connect", 2}}}, true);
  ASSERT_TRUE(stuck.ok());
  EXPECT_THAT(Found(*stuck), ::testing::Each(kSkipConnect));
  EXPECT_TRUE(stuck->trace.limit_steps(0).stays());
  EXPECT_THAT(stuck->trace.notes(),
              ElementsAre(HasSubstr("6 skip_connect stand although the limit")));
}

}  // namespace
}  // namespace pdarts::nasbench201
