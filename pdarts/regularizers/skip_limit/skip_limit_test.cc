#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/schedule.h"
#include "pdarts/core/search_space.h"
#include "pdarts/regularizers/skip_limit/skip_limit.pb.h"
#include "pdarts/regularizers/testing.h"

namespace pdarts::regularizers {
namespace {

using ::testing::HasSubstr;

/// The probabilities of the DARTS space after a stage that prefers `operation` on every edge.
EdgeProbabilities Prefer(const SearchSpace& space, const Candidates& candidates,
                         const std::string& operation) {
  EdgeProbabilities probabilities;
  for (size_t k = 0; k < candidates.size(); ++k) {
    const int preferred = OperationIndex(space.topology().kinds[k], operation);
    auto& of_kind = probabilities.emplace_back();
    for (const EdgeCandidates& edge : candidates[k]) {
      auto& of_edge = of_kind.emplace_back();
      for (const int candidate : edge) of_edge.push_back(candidate == preferred ? 0.3 : 0.1);
    }
  }
  return probabilities;
}

/// The number of edges of a derived cell that hold `operation`.
int Count(const CellArchitecture& cell, const std::string& operation) {
  int count = 0;
  for (const ArchitectureEdge& edge : cell.edges()) count += edge.operation() == operation ? 1 : 0;
  return count;
}

TEST(SkipLimit, LimitsTheDerivedCell) {
  const auto space = Registry<SearchSpace>::CreateDefault("darts").value();
  const Candidates candidates = space->InitialCandidates().value();
  struct Case {
    std::string config, operation;
    int normal, reduce;  ///< the expected numbers of edges
  };
  // A DARTS cell has eight edges.
  for (const Case& c :
       {Case{"", "skip_connect", 2, 8}, Case{"max: 0", "skip_connect", 0, 8},
        Case{"max: 3 cell_kind: 'reduce'", "skip_connect", 8, 3},
        Case{"operation: 'max_pool_3x3'", "max_pool_3x3", 2, 8}, Case{"", "max_pool_3x3", 8, 8}}) {
    SCOPED_TRACE(c.config + " " + c.operation);
    DerivationOptions options;
    ASSERT_TRUE(
        MakeRegularizer<SkipLimitConfig>(c.config)->ConstrainDerivation(*space, &options).ok());
    const auto derived =
        space->Derive(candidates, Prefer(*space, candidates, c.operation), options);
    ASSERT_TRUE(derived.ok()) << derived.status();
    EXPECT_EQ(Count(derived->architecture.cells(0), c.operation), c.normal);
    EXPECT_EQ(Count(derived->architecture.cells(1), c.operation), c.reduce);
  }
}

TEST(SkipLimit, RefusesASpaceWithoutTheCellKindOrTheOperation) {
  const auto darts = Registry<SearchSpace>::CreateDefault("darts").value();
  const auto nasbench201 = Registry<SearchSpace>::CreateDefault("nasbench201").value();
  const auto schedule = Registry<ProgressiveSchedule>::CreateDefault("darts").value();
  const auto check = [&](const std::string& config, const SearchSpace& space) {
    return std::string(MakeRegularizer<SkipLimitConfig>(config)->Check(space, *schedule).message());
  };
  EXPECT_EQ(check("", *darts), "");
  EXPECT_THAT(check("", *nasbench201),
              HasSubstr("regularizers[skip_limit].cell_kind: \"normal\" is unknown to the "
                        "nasbench201 space; known: cell"));
  EXPECT_EQ(check("cell_kind: 'cell'", *nasbench201), "");
  EXPECT_THAT(check("operation: 'skip'", *darts),
              HasSubstr("regularizers[skip_limit].operation: \"skip\" is unknown to the darts "
                        "space; known: none, max_pool_3x3"));
}

TEST(SkipLimit, HasNoPenaltyAndNoState) {
  AlphasOnly super_net({at::zeros({2, 3})});
  const auto regularizer = MakeRegularizer<SkipLimitConfig>("");
  const SearchContext context = ContextOf(&super_net, /*epoch=*/0, /*epochs=*/1);
  ASSERT_TRUE(regularizer->OnStageBegin(context).ok());
  ASSERT_TRUE(regularizer->OnEpochBegin(context).ok());
  EXPECT_FALSE(regularizer->AlphaPenalty(context).defined());
  EXPECT_FALSE(regularizer->WeightPenalty(context).defined());
  // A step on a CUDA device can be recorded.
  EXPECT_TRUE(regularizer->PenaltyConstants().has_value());
  EXPECT_EQ(regularizer->SaveState(), "");
}

}  // namespace
}  // namespace pdarts::regularizers
