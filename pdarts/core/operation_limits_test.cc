#include "pdarts/core/operation_limits.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// The numbers of operations in the list of the kind.
constexpr int kSkip = 1, kConv = 2;

CellKind Kind() {
  CellKind kind;
  kind.name = "normal";
  kind.edges = {{0, 1}, {0, 2}, {1, 2}};
  kind.operations = {"none", "skip_connect", "conv"};
  return kind;
}

/// Every edge holds its most probable candidate.
class FakeChoice : public EdgeChoice {
 public:
  /// probabilities: [edge][operation]; below 0: no candidate.
  explicit FakeChoice(std::vector<std::vector<double>> probabilities)
      : probabilities_(std::move(probabilities)) {}

  int NumEdges() const override { return static_cast<int>(probabilities_.size()); }
  int Operation(int edge) const override {
    const std::vector<double>& p = probabilities_[edge];
    const auto best = std::max_element(p.begin(), p.end());
    return *best < 0 ? -1 : static_cast<int>(best - p.begin());
  }
  double Score(int edge) const override { return probabilities_[edge][Operation(edge)]; }
  bool HasOtherThanNone(int edge) const override {
    for (const int other : {kSkip, kConv}) {
      if (other != Operation(edge) && probabilities_[edge][other] >= 0) return true;
    }
    return false;
  }
  void TakeAway(int edge) override { probabilities_[edge][Operation(edge)] = -1; }

  std::vector<int> Operations() const {
    std::vector<int> operations;
    for (int e = 0; e < NumEdges(); ++e) operations.push_back(Operation(e));
    return operations;
  }

 private:
  std::vector<std::vector<double>> probabilities_;
};

TEST(OperationLimits, TheLeastProbableEdgeLosesTheOperation) {
  FakeChoice choice({{0, 0.9, 0.1}, {0, 0.6, 0.4}, {0, 0.7, 0.3}});
  DerivationTrace trace;
  KeepLimits(Kind(), "normal cell", {{"normal", "skip_connect", 1}, {"reduce", "conv", 0}}, &choice,
             &trace);
  EXPECT_THAT(choice.Operations(), ElementsAre(kSkip, kConv, kConv));
  ASSERT_THAT(trace.limit_steps(), SizeIs(2));
  EXPECT_EQ(trace.limit_steps(0).edge(), 1);
  EXPECT_EQ(trace.limit_steps(0).count(), 3);
  EXPECT_EQ(trace.limit_steps(0).probability(), 0.6);
  EXPECT_EQ(trace.limit_steps(0).replacement(), "conv");
  EXPECT_EQ(trace.limit_steps(1).edge(), 2);
  EXPECT_THAT(trace.notes(), SizeIs(0));
}

TEST(OperationLimits, AnEdgeWithoutAnotherCandidateThanNoneKeepsIt) {
  FakeChoice choice({{0.1, 0.5, -1}, {0, 0.9, 0.1}});
  DerivationTrace trace;
  KeepLimits(Kind(), "normal cell", {{"normal", "skip_connect", 0}}, &choice, &trace);
  EXPECT_THAT(choice.Operations(), ElementsAre(kSkip, kConv));
  ASSERT_THAT(trace.limit_steps(), SizeIs(2));
  EXPECT_TRUE(trace.limit_steps(0).stays());
  EXPECT_EQ(trace.limit_steps(0).replacement(), "skip_connect");
  EXPECT_FALSE(trace.limit_steps(1).stays());
  EXPECT_THAT(trace.notes(), ElementsAre(HasSubstr("normal cell: 1 skip_connect stand although the "
                                                   "limit is 0")));
}

TEST(OperationLimits, AStepForOneLimitMayBreakAnother) {
  FakeChoice choice({{0, 0.6, 0.4}, {0, 0.3, 0.7}});
  DerivationTrace trace;
  KeepLimits(Kind(), "normal cell", {{"normal", "conv", 1}, {"normal", "skip_connect", 0}}, &choice,
             &trace);
  // The first edge loses skip_connect and holds conv; then one of two conv has no other candidate.
  ASSERT_THAT(trace.limit_steps(), SizeIs(::testing::Ge(2)));
  EXPECT_EQ(trace.limit_steps(0).operation(), "skip_connect");
  EXPECT_EQ(trace.limit_steps(1).operation(), "conv");
}

/// An edge that the cell gives up has no operation.
TEST(OperationLimits, AnEdgeMayLeaveTheCell) {
  class Leaving : public FakeChoice {
   public:
    using FakeChoice::FakeChoice;
    void TakeAway(int edge) override {
      while (Operation(edge) >= 0) FakeChoice::TakeAway(edge);
    }
  };
  Leaving leaving({{-1, 0.6, 0.5}, {-1, 0.9, 0.1}});
  DerivationTrace trace;
  KeepLimits(Kind(), "normal cell", {{"normal", "skip_connect", 1}}, &leaving, &trace);
  EXPECT_THAT(leaving.Operations(), ElementsAre(-1, kSkip));
  ASSERT_THAT(trace.limit_steps(), SizeIs(1));
  EXPECT_EQ(trace.limit_steps(0).replacement(), "");
}

}  // namespace
}  // namespace pdarts
