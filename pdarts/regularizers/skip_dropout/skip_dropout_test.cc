#include "pdarts/regularizers/skip_dropout/skip_dropout.h"

#include <cmath>

#include "ATen/ops/zeros.h"
#include "gtest/gtest.h"
#include "pdarts/regularizers/skip_dropout/skip_dropout.pb.h"
#include "pdarts/regularizers/testing.h"

namespace pdarts::regularizers {
namespace {

TEST(SkipDropoutRate, FallsLinearlyThenJumpsBackAndDecays) {
  EXPECT_DOUBLE_EQ(SkipDropoutRate(0.4, 0, 25, 10, 0.2), 0.4 * 24 / 25);
  EXPECT_DOUBLE_EQ(SkipDropoutRate(0.4, 9, 25, 10, 0.2), 0.4 * 15 / 25);
  EXPECT_DOUBLE_EQ(SkipDropoutRate(0.4, 10, 25, 10, 0.2), 0.4);
  EXPECT_DOUBLE_EQ(SkipDropoutRate(0.4, 15, 25, 10, 0.2), 0.4 * std::exp(-1.0));
}

TEST(SkipDropoutRate, ZeroStaysZero) {
  for (int epoch = 0; epoch < 25; ++epoch) EXPECT_EQ(SkipDropoutRate(0, epoch, 25, 10, 0.2), 0);
}

TEST(SkipDropout, TurnsTheKnobToTheStagesRate) {
  AlphasOnly super_net({at::zeros({2, 3})}, {{"skip_connect.dropout", "of a test", 0, 1, 0.9}});
  const auto regularizer =
      MakeRegularizer<SkipDropoutConfig>("initial_rates: 0 initial_rates: 0.5 decay: 0.25");
  SearchContext context = ContextOf(&super_net, /*epoch=*/3, /*epochs=*/5, /*warmup_epochs=*/2);
  context.stage = 1;
  ASSERT_TRUE(regularizer->OnEpochBegin(context).ok());
  EXPECT_DOUBLE_EQ(super_net.knobs()[0].value, 0.5 * std::exp(-0.25));
  context.stage = 0;
  ASSERT_TRUE(regularizer->OnStageBegin(context).ok());
  EXPECT_EQ(super_net.knobs()[0].value, 0);
}

}  // namespace
}  // namespace pdarts::regularizers
