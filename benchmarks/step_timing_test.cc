#include "benchmarks/step_timing.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

TEST(StepTimingTest, MedianIsTheMiddle) {
  EXPECT_EQ(Median({3, 1, 8}), 3);
  EXPECT_EQ(Median({4, 1, 8, 2}), 3);
}

TEST(StepTimingTest, SummarizesEachPassApart) {
  const StepTiming timing = SummarizeSteps({3, 1, 8}, {0.5, 1.5});
  EXPECT_EQ(timing.weight_min, 1);
  EXPECT_EQ(timing.weight_median, 3);
  EXPECT_EQ(timing.weight_mean, 4);
  EXPECT_EQ(timing.alpha_min, 0.5);
  EXPECT_EQ(timing.alpha_median, 1);
  EXPECT_EQ(timing.alpha_mean, 1);
  EXPECT_EQ(timing.step_median(), 4);
  EXPECT_EQ(timing.step_mean(), 5);
}

TEST(StepTimingTest, ReadsWhatAnotherProcessWrote) {
  StepTiming timing = SummarizeSteps({3, 1, 8}, {0.5, 1.5});
  timing.peak_mb = 805.25;
  timing.variant = "avx2";
  const StepTiming read = ParseStepTiming(FormatStepTiming(timing)).value();
  EXPECT_EQ(read.weight_min, 1);
  EXPECT_EQ(read.weight_median, 3);
  EXPECT_EQ(read.weight_mean, 4);
  EXPECT_EQ(read.alpha_min, 0.5);
  EXPECT_EQ(read.alpha_median, 1);
  EXPECT_EQ(read.alpha_mean, 1);
  EXPECT_EQ(read.peak_mb, 805.25);
  EXPECT_EQ(read.variant, "avx2");
}

TEST(StepTimingTest, ReadsTheLineOfOlderBuilds) {
  const StepTiming read =
      ParseStepTiming("0.320000000 0.327000000 0.210000000 0.217000000 805.000 avx512\n").value();
  EXPECT_EQ(read.weight_min, 0.32);
  EXPECT_EQ(read.weight_median, 0.327);
  EXPECT_EQ(read.alpha_min, 0.21);
  EXPECT_EQ(read.alpha_median, 0.217);
  EXPECT_EQ(read.peak_mb, 805);
  EXPECT_EQ(read.variant, "avx512");
  EXPECT_EQ(read.step_mean(), 0);
}

TEST(StepTimingTest, ReadsTheLastLine) {
  const StepTiming read = ParseStepTiming("a warning of 1 2 3\n1 2 3 4 5 avx2 6 7\n").value();
  EXPECT_EQ(read.weight_median, 2);
  EXPECT_EQ(read.alpha_mean, 7);
}

TEST(StepTimingTest, OtherTextIsAnError) {
  for (const std::string text : {"", "1 2 3 4\n", "the machine is out of memory\n"}) {
    const absl::Status status = ParseStepTiming(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << text;
  }
  EXPECT_THAT(std::string(ParseStepTiming("no memory").status().message()),
              HasSubstr("\"no memory\""));
}

TEST(StepTimingTest, RatiosArePairedByRound) {
  // The second round is ten times slower, but the ratios do not change.
  const PairedRatio ratio = RatioOf({2, 30, 2}, {1, 10, 2});
  EXPECT_EQ(ratio.median, 2);
  EXPECT_EQ(ratio.min, 1);
  EXPECT_EQ(ratio.max, 3);
}

}  // namespace
}  // namespace pdarts
