#include "pdarts/core/edge_probabilities.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Topology kTopology = {{{"normal", {{0, 1}, {0, 2}}, {"none", "skip", "conv"}},
                             {"reduce", {{0, 1}}, {"none", "pool"}}}};
const Candidates kCandidates = {{{0, 2}, {1, 2}}, {{1}}};
const EdgeProbabilities kProbabilities = {{{0.25, 0.75}, {0.5, 0.5}}, {{1}}};

TEST(EdgeProbabilities, AreReadAsTheyWereWritten) {
  const CellProbabilitiesList cells = EncodeEdges(kTopology, kCandidates, &kProbabilities);
  ASSERT_EQ(cells.size(), 2);
  EXPECT_EQ(cells[0].cell_kind(), "normal");
  EXPECT_EQ(cells[0].edges(1).to(), 2);
  EXPECT_THAT(cells[0].edges(0).operations(), ElementsAre("none", "conv"));
  const absl::StatusOr<StageEdges> read = DecodeEdges(cells, kTopology);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->candidates, kCandidates);
  EXPECT_EQ(read->probabilities, kProbabilities);
}

TEST(EdgeProbabilities, CandidatesNeedNoProbabilities) {
  const CellProbabilitiesList cells = EncodeEdges(kTopology, kCandidates);
  EXPECT_EQ(DecodeCandidates(cells, kTopology).value(), kCandidates);
  EXPECT_EQ(DecodeEdges(cells, kTopology).status().code(), absl::StatusCode::kDataLoss);
}

/// The form in which the first versions wrote logs.
TEST(EdgeProbabilities, EdgesNeedNoNodes) {
  CellProbabilitiesList cells = EncodeEdges(kTopology, kCandidates, &kProbabilities);
  for (CellProbabilities& cell : cells) {
    for (EdgeCandidateProbabilities& edge : *cell.mutable_edges()) {
      edge.clear_from();
      edge.clear_to();
    }
  }
  EXPECT_EQ(DecodeEdges(cells, kTopology)->candidates, kCandidates);
}

TEST(EdgeProbabilities, WhatDoesNotFitTheTopologyIsRefused) {
  const CellProbabilitiesList good = EncodeEdges(kTopology, kCandidates, &kProbabilities);
  const auto refusal = [](const CellProbabilitiesList& cells) {
    const absl::Status status = DecodeEdges(cells, kTopology).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    return std::string(status.message());
  };
  CellProbabilitiesList bad = good;
  bad[1].set_cell_kind("other");
  EXPECT_THAT(refusal(bad), HasSubstr("no probabilities of the reduce cell"));
  bad = good;
  bad[0].mutable_edges(1)->set_to(1);
  EXPECT_THAT(refusal(bad), HasSubstr("stands where"));
  bad = good;
  bad[0].mutable_edges(0)->set_operations(1, "unknown");
  refusal(bad);
  bad = good;
  bad[0].mutable_edges(0)->set_probabilities(1, 2);
  refusal(bad);
  bad = good;
  bad[0].mutable_edges()->RemoveLast();
  refusal(bad);
}

}  // namespace
}  // namespace pdarts
