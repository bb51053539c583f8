#include "benchmarks/seeded_candidates.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/spec.h"

namespace pdarts {
namespace {

using ::testing::Each;
using ::testing::SizeIs;

TEST(SeededCandidates, KeepsSoManyOfEachEdgeInTheirOrder) {
  const auto space = Registry<SearchSpace>::CreateDefault("darts").value();
  const Candidates three = SeededCandidates(*space, 3);
  ASSERT_THAT(three, SizeIs(2));
  for (const CellCandidates& cell : three) {
    EXPECT_THAT(cell, SizeIs(14));
    EXPECT_THAT(cell, Each(SizeIs(3)));
    for (const EdgeCandidates& edge : cell) {
      EXPECT_TRUE(std::is_sorted(edge.begin(), edge.end()));
    }
  }
  EXPECT_NE(three[0][0], three[0][1]) << "the edges do not differ";
  EXPECT_EQ(SeededCandidates(*space, 3), three);
  EXPECT_EQ(SeededCandidates(*space, 100), space->InitialCandidates().value());
  EXPECT_THAT(SeededCandidates(*space, 0)[1], Each(SizeIs(1)));
}

TEST(EdgesText, IsReadBackAsTheSameCandidates) {
  const auto space = Registry<SearchSpace>::CreateDefault("darts").value();
  const Candidates candidates = SeededCandidates(*space, 2);
  const auto spec = ParseSpec(
      absl::StrCat("name: \"a\" space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {\n",
                   EdgesText(space->topology(), candidates), "} }"),
      "spec");
  ASSERT_TRUE(spec.ok()) << spec.status();
  const auto read = Registry<SearchSpace>::Create(spec->space());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ((*read)->InitialCandidates().value(), candidates);
}

}  // namespace
}  // namespace pdarts
