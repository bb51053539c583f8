#include "pdarts/regularizers/skip_dropout/skip_dropout.h"

#include <cmath>

#include "gtest/gtest.h"

namespace pdarts::regularizers {
namespace {

TEST(SkipDropout, FallsLinearlyThenJumpsBackAndDecays) {
  EXPECT_DOUBLE_EQ(SkipDropoutRate(0.4, 0, 25, 10, 0.2), 0.4 * 24 / 25);
  EXPECT_DOUBLE_EQ(SkipDropoutRate(0.4, 9, 25, 10, 0.2), 0.4 * 15 / 25);
  EXPECT_DOUBLE_EQ(SkipDropoutRate(0.4, 10, 25, 10, 0.2), 0.4);
  EXPECT_DOUBLE_EQ(SkipDropoutRate(0.4, 15, 25, 10, 0.2), 0.4 * std::exp(-1.0));
}

TEST(SkipDropout, ZeroStaysZero) {
  for (int epoch = 0; epoch < 25; ++epoch) EXPECT_EQ(SkipDropoutRate(0, epoch, 25, 10, 0.2), 0);
}

}  // namespace
}  // namespace pdarts::regularizers
