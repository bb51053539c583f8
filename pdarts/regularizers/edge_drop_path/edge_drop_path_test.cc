#include "ATen/ops/zeros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/regularizers/edge_drop_path/edge_drop_path.pb.h"
#include "pdarts/regularizers/testing.h"

namespace pdarts::regularizers {
namespace {

using Reported = std::vector<std::pair<std::string, double>>;

TEST(EdgeDropPath, TurnsTheKnobFromTheFirstEpochToTheLast) {
  AlphasOnly super_net({at::zeros({2, 3})}, {{"edge.drop_path", "of a test", 0, 1, 0.9}});
  const auto regularizer =
      MakeRegularizer<EdgeDropPathConfig>("initial_rate: 0.125 final_rate: 0.625");
  ASSERT_TRUE(regularizer->OnStageBegin(ContextOf(&super_net, 0, 5)).ok());
  EXPECT_EQ(super_net.knobs()[0].value, 0.125);
  // Weights also train in the warm-up.
  for (const auto& [epoch, rate] : {std::pair(0, 0.125), {2, 0.375}, {4, 0.625}}) {
    ASSERT_TRUE(
        regularizer->OnEpochBegin(ContextOf(&super_net, epoch, 5, /*warmup_epochs=*/3)).ok());
    EXPECT_EQ(super_net.knobs()[0].value, rate);
    EXPECT_EQ(regularizer->Report(), (Reported{{"edge_drop_path", rate}}));
  }
}

TEST(EdgeDropPath, GrowsFromNothingByDefault) {
  AlphasOnly super_net({at::zeros({2, 3})}, {{"edge.drop_path", "of a test", 0, 1, 0.9}});
  const auto regularizer = MakeRegularizer<EdgeDropPathConfig>("");
  ASSERT_TRUE(regularizer->OnEpochBegin(ContextOf(&super_net, 0, 50)).ok());
  EXPECT_EQ(super_net.knobs()[0].value, 0);
  ASSERT_TRUE(regularizer->OnEpochBegin(ContextOf(&super_net, 49, 50)).ok());
  EXPECT_EQ(super_net.knobs()[0].value, 0.2);
}

TEST(EdgeDropPath, ANetworkWithoutTheKnobIsNamed) {
  AlphasOnly super_net({at::zeros({2, 3})}, {{"skip_connect.dropout", "of a test", 0, 1, 0}});
  const auto regularizer = MakeRegularizer<EdgeDropPathConfig>("");
  EXPECT_THAT(regularizer->OnEpochBegin(ContextOf(&super_net, 0, 5)).ToString(),
              ::testing::HasSubstr("regularizers[edge_drop_path].knob: the super-network has no "
                                   "knob \"edge.drop_path\"; it has: skip_connect.dropout"));
}

}  // namespace
}  // namespace pdarts::regularizers
