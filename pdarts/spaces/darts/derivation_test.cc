#include "pdarts/spaces/darts/derivation.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/spaces/darts/cells.h"
#include "pdarts/spaces/darts/genotype.h"

namespace pdarts::darts {
namespace {

using ::testing::HasSubstr;

constexpr int kSkip = 3;
constexpr int kSep3 = 4;
constexpr int kDil5 = 7;

/// Every edge of both cell kinds has the same candidates and probabilities, except those that a
/// test changes.
struct Case {
  Candidates candidates;
  EdgeProbabilities probabilities;
  DerivationOptions options;
  DerivationRules rules;

  Case(const EdgeCandidates& edge, const std::vector<double>& p)
      : candidates(2, CellCandidates(kNumEdges, edge)),
        probabilities(2, std::vector<std::vector<double>>(kNumEdges, p)) {}

  Case& Limit(int max, const std::string& kind = "normal",
              const std::string& operation = "skip_connect") {
    options.limits.push_back({kind, operation, max});
    return *this;
  }
  absl::StatusOr<Derivation> Run() const {
    return DeriveGenotype(candidates, probabilities, options, rules);
  }
};

int Count(const CellArchitecture& cell, const std::string& operation) {
  int count = 0;
  for (const ArchitectureEdge& edge : cell.edges()) count += edge.operation() == operation;
  return count;
}

TEST(Derivation, TakesTheLaterOfEquals) {
  const auto derivation = Case({kSkip, kSep3, kDil5}, {0.3, 0.35, 0.35}).Run();
  ASSERT_TRUE(derivation.ok()) << derivation.status();
  const CellArchitecture& cell = derivation->architecture.cells(0);
  EXPECT_TRUE(CheckGenotype(derivation->architecture).ok());
  EXPECT_EQ(Count(cell, "dil_conv_5x5"), 8);
  // Node 5 keeps its last two edges.
  EXPECT_EQ(cell.edges(6).from(), 3);
  EXPECT_EQ(cell.edges(7).from(), 4);
  EXPECT_EQ(derivation->trace.edges_size(), 2 * kNumEdges);
  EXPECT_EQ(derivation->trace.limit_steps_size(), 0);
}

TEST(Derivation, NoneIsLeftOutUnlessAllowed) {
  Case none_first({0, kSkip, kSep3}, {0.5, 0.2, 0.3});
  auto derivation = none_first.Run();
  EXPECT_EQ(Count(derivation->architecture.cells(0), "sep_conv_3x3"), 8);
  EXPECT_EQ(derivation->trace.edges(0).score(), 0.3);
  ASSERT_EQ(derivation->trace.notes_size(), 2);
  EXPECT_THAT(derivation->trace.notes(0),
              HasSubstr("normal cell, edges 0 -> 2, 1 -> 2, 0 -> 3, 1 -> 3, 2 -> 3, 0 -> 4, "
                        "1 -> 4, 2 -> 4, 3 -> 4, 0 -> 5, 1 -> 5, 2 -> 5, 3 -> 5, 4 -> 5: 'none' "
                        "scored highest there and may not be derived, so the next best operation "
                        "was taken"));

  none_first.rules.allow_none = true;
  derivation = none_first.Run();
  EXPECT_EQ(Count(derivation->architecture.cells(0), "none"), 8);
  EXPECT_EQ(derivation->trace.notes_size(), 0);

  Case only_none({0}, {0.1});
  EXPECT_THAT(std::string(only_none.Run().status().message()),
              HasSubstr("normal edge 0 -> 2: its only candidate is none"));
  only_none.rules.allow_none = true;
  EXPECT_TRUE(only_none.Run().ok());
}

TEST(Derivation, ListsTheBestEdgeFirstWhenAskedTo) {
  Case scores({kSkip, kSep3}, {0.3, 0.6});
  scores.probabilities[0][0] = {0.3, 0.7};
  scores.rules.best_edge_first = true;
  const CellArchitecture cell = scores.Run()->architecture.cells(0);
  EXPECT_EQ(cell.edges(0).from(), 0) << "the better one";
  EXPECT_EQ(cell.edges(1).from(), 1);
  EXPECT_EQ(cell.edges(2).from(), 2) << "the later one of equals";
  EXPECT_EQ(cell.edges(3).from(), 1);
}

TEST(Derivation, ALimitTakesTheWeakestAndTracesIt) {
  Case skips({kSkip, kSep3, kDil5}, {0.5, 0.3, 0.2});
  skips.probabilities[0][1] = {0.4, 0.3, 0.3};
  const auto derivation = skips.Limit(7).Run();
  const CellArchitecture& cell = derivation->architecture.cells(0);
  EXPECT_EQ(Count(cell, "skip_connect"), 7);
  EXPECT_EQ(cell.edges(1).operation(), "dil_conv_5x5");
  EXPECT_EQ(Count(derivation->architecture.cells(1), "skip_connect"), 8) << "the other cell kind";
  ASSERT_EQ(derivation->trace.limit_steps_size(), 1);
  const LimitStep& step = derivation->trace.limit_steps(0);
  EXPECT_EQ(step.cell_kind(), "normal");
  EXPECT_EQ(step.edge(), 1);
  EXPECT_EQ(step.count(), 8);
  EXPECT_EQ(step.max(), 7);
  EXPECT_EQ(step.probability(), 0.4);
  EXPECT_EQ(step.replacement(), "dil_conv_5x5");
  EXPECT_FALSE(step.stays());
}

TEST(Derivation, AnEdgeMayLeaveOverALimit) {
  Case skips({kSkip, kSep3}, {0.6, 0.1});
  const auto derivation = skips.Limit(6).Run();
  EXPECT_EQ(Count(derivation->architecture.cells(0), "skip_connect"), 6);
  // Node 2 always has edges 0 and 1. They have a replacement.
  EXPECT_EQ(derivation->trace.limit_steps(0).replacement(), "sep_conv_3x3");
  Case later({kSkip, kSep3}, {0.6, 0.1});
  for (int e : {0, 1}) later.probabilities[0][e] = {0.7, 0.1};
  const auto other = later.Limit(7).Run();
  EXPECT_EQ(other->trace.limit_steps(0).edge(), 3);
  EXPECT_EQ(other->trace.limit_steps(0).replacement(), "") << "edge 2 takes its place";
}

TEST(Derivation, EndsWithCertainSkips) {
  for (int max = 0; max <= 8; ++max) {
    const auto derivation = Case({0, kSkip, kSep3}, {0, 1, 0}).Limit(max).Run();
    ASSERT_TRUE(derivation.ok());
    EXPECT_EQ(Count(derivation->architecture.cells(0), "skip_connect"), max);
  }
}

TEST(Derivation, ASkipStaysWhereNothingElseCanStand) {
  for (double p : {0.9, 1.0}) {
    const auto derivation = Case({0, kSkip}, {1 - p, p}).Limit(2).Run();
    ASSERT_TRUE(derivation.ok());
    EXPECT_EQ(Count(derivation->architecture.cells(0), "skip_connect"), 8);
    EXPECT_EQ(derivation->trace.limit_steps_size(), 8);
    for (const LimitStep& step : derivation->trace.limit_steps()) EXPECT_TRUE(step.stays());
    ASSERT_EQ(derivation->trace.notes_size(), 1);
    EXPECT_THAT(derivation->trace.notes(0),
                HasSubstr("8 skip_connect stand although the limit is 2"));
  }
}

TEST(Derivation, ASkipStaysBesideNoneAlsoWhereNoneIsAllowed) {
  Case with_none({0, kSkip}, {0.1, 0.9});
  with_none.rules.allow_none = true;
  const auto stays = with_none.Limit(2).Run();
  ASSERT_TRUE(stays.ok()) << stays.status();
  EXPECT_EQ(Count(stays->architecture.cells(0), "skip_connect"), 8);
  ASSERT_EQ(stays->trace.limit_steps_size(), 8);
  for (const LimitStep& step : stays->trace.limit_steps()) EXPECT_TRUE(step.stays());
  EXPECT_THAT(stays->trace.notes(0), HasSubstr("8 skip_connect stand although the limit is 2"));

  // With a third candidate, skip_connect is removed, and none may replace it.
  Case third({0, kSkip, kSep3}, {0.3, 0.6, 0.1});
  third.rules.allow_none = true;
  const auto goes = third.Limit(2).Run();
  ASSERT_TRUE(goes.ok()) << goes.status();
  EXPECT_EQ(Count(goes->architecture.cells(0), "skip_connect"), 2);
  EXPECT_GT(Count(goes->architecture.cells(0), "none"), 0);
}

TEST(Derivation, ALimitOfNoneLeavesAnotherOperation) {
  Case none({0, kSkip}, {0.9, 0.1});
  none.rules.allow_none = true;
  const auto derivation = none.Limit(0, "normal", "none").Run();
  ASSERT_TRUE(derivation.ok()) << derivation.status();
  EXPECT_EQ(Count(derivation->architecture.cells(0), "none"), 0);
}

TEST(Derivation, HoldsSeveralLimits) {
  const auto derivation = Case({kSkip, kSep3, kDil5}, {0.5, 0.3, 0.2})
                              .Limit(1)
                              .Limit(2, "normal", "sep_conv_3x3")
                              .Limit(3, "reduce", "skip_connect")
                              .Run();
  ASSERT_TRUE(derivation.ok());
  EXPECT_EQ(Count(derivation->architecture.cells(0), "skip_connect"), 1);
  EXPECT_LE(Count(derivation->architecture.cells(0), "sep_conv_3x3"), 2);
  EXPECT_EQ(Count(derivation->architecture.cells(1), "skip_connect"), 3);
}

}  // namespace
}  // namespace pdarts::darts
