#include "pdarts/sessions/progress.h"

#include "gtest/gtest.h"

namespace pdarts {
namespace {

TEST(RoughDuration, IsAsPreciseAsAnEstimate) {
  EXPECT_EQ(RoughDuration(0.2), "1 s");
  EXPECT_EQ(RoughDuration(59.4), "59 s");
  EXPECT_EQ(RoughDuration(59.6), "1 min 00 s");
  EXPECT_EQ(RoughDuration(185), "3 min 05 s");
  EXPECT_EQ(RoughDuration(25 * 60 + 20), "25 min");
  EXPECT_EQ(RoughDuration(6 * 3600 + 40 * 60 + 10), "6 h 40 min");
  EXPECT_EQ(RoughDuration(3599), "1 h 00 min");
  EXPECT_EQ(RoughDuration(139 * 3600), "139 h 00 min");
}

}  // namespace
}  // namespace pdarts
