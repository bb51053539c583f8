#include "pdarts/regularizers/linear_ramp.h"

#include "gtest/gtest.h"

namespace pdarts::regularizers {
namespace {

TEST(LinearRamp, GoesInEqualStepsFromTheFirstEpochToTheLast) {
  EXPECT_DOUBLE_EQ(LinearRamp(0, 50, 0, 0, 101), 0);
  EXPECT_DOUBLE_EQ(LinearRamp(0, 50, 1, 0, 101), 0.5);
  EXPECT_DOUBLE_EQ(LinearRamp(0, 50, 50, 0, 101), 25);
  EXPECT_DOUBLE_EQ(LinearRamp(0, 50, 100, 0, 101), 50);
  EXPECT_DOUBLE_EQ(LinearRamp(3, 1, 6, 5, 8), 2);
}

TEST(LinearRamp, StaysWhereItIsOutside) {
  EXPECT_DOUBLE_EQ(LinearRamp(3, 1, 0, 5, 8), 3);
  EXPECT_DOUBLE_EQ(LinearRamp(3, 1, 9, 5, 8), 1);
}

TEST(LinearRamp, OfOneEpochIsTheLastValue) { EXPECT_DOUBLE_EQ(LinearRamp(3, 1, 4, 4, 5), 1); }

TEST(AlphaEpochsRamp, BeginsAfterWarmUp) {
  StageShape stage;
  stage.epochs = 25;
  stage.warmup_epochs = 10;
  EXPECT_DOUBLE_EQ(AlphaEpochsRamp(0, 14, 9, stage), 0);
  EXPECT_DOUBLE_EQ(AlphaEpochsRamp(0, 14, 10, stage), 0);
  EXPECT_DOUBLE_EQ(AlphaEpochsRamp(0, 14, 11, stage), 1);
  EXPECT_DOUBLE_EQ(AlphaEpochsRamp(0, 14, 24, stage), 14);
}

}  // namespace
}  // namespace pdarts::regularizers
