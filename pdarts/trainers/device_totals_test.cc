// The totals compute the same values on every device, so this test runs on the CPU.

#include "pdarts/trainers/device_totals.h"

#include <cmath>

#include "ATen/ops/full.h"
#include "ATen/ops/ones.h"
#include "ATen/ops/randint.h"
#include "ATen/ops/randn.h"
#include "gtest/gtest.h"
#include "pdarts/core/random.h"

namespace pdarts {
namespace {

constexpr int kFirst = 0, kSecond = 1;  // places of checks

at::Tensor Scalar(double value) { return at::full({}, value, at::kFloat); }

PassScore APass(int64_t images, uint64_t seed) {
  PassScore score;
  score.logits = at::randn({images, 10}, MakeGenerator(seed, "logits"));
  score.loss = at::randn({}, MakeGenerator(seed, "loss"));
  return score;
}

at::Tensor SomeLabels(int64_t images) {
  return at::randint(10, {images}, MakeGenerator(1, "labels"), at::kLong);
}

TEST(DeviceTotals, AreTheSumsOfAMeter) {
  DeviceTotals totals(c10::kCPU, /*meters=*/2, /*checks=*/0);
  Meter added, read;
  for (int i = 0; i < 7; ++i) {
    const int64_t images = i < 6 ? 12 : 5;
    const PassScore pass = APass(images, i);
    const at::Tensor labels = SomeLabels(images);
    AddScore(pass, labels, &added);
    totals.Add(1, pass, labels);
    read.Await(images);
  }
  EXPECT_EQ(read.images(), added.images());
  EXPECT_EQ(read.Mean().loss, 0) << "a mean is over what was read";
  const DeviceTotals::Reading reading = totals.Read({});
  EXPECT_EQ(reading.sums[0].loss, 0);
  SetSums(reading.sums[1], &read);
  EXPECT_EQ(read.State().SerializeAsString(), added.State().SerializeAsString());
  EXPECT_EQ(read.Mean().loss, added.Mean().loss);
  EXPECT_GT(read.Mean().top5, read.Mean().top1);
}

TEST(DeviceTotals, OfABatchOfSeveralProcessesCountWhatAllHit) {
  DeviceTotals totals(c10::kCPU, 1, 0);
  PassScore pass = APass(4, 1);
  pass.hits = at::full({2}, 3, at::kFloat);
  pass.images = 16;
  totals.Add(0, pass, SomeLabels(4));
  EXPECT_EQ(totals.Read({}).sums[0].top1, 3);
  EXPECT_EQ(totals.Read({}).sums[0].loss, 16 * pass.loss.item<double>());
}

TEST(DeviceTotals, ContinueWhereAMeterWas) {
  Meter whole, before;
  DeviceTotals totals(c10::kCPU, 1, 0);
  for (int i = 0; i < 3; ++i) {
    const PassScore pass = APass(12, i);
    AddScore(pass, SomeLabels(12), &whole);
    if (i == 0) {
      AddScore(pass, SomeLabels(12), &before);
      totals.Add(0, APass(12, 9), SomeLabels(12));  // of the previous epoch
      totals.Restart({SumsOf(before)});
    } else {
      totals.Add(0, pass, SomeLabels(12));
    }
  }
  EXPECT_EQ(totals.Read({}).sums[0].loss, SumsOf(whole).loss);
  EXPECT_EQ(totals.Read({}).sums[0].top5, SumsOf(whole).top5);
  totals.Restart();
  EXPECT_EQ(totals.Read({}).sums[0].loss, 0);
}

TEST(DeviceTotals, FiniteNumbersPassAndStay) {
  DeviceTotals totals(c10::kCPU, 1, 2);
  const at::Tensor numbers = at::full({3}, 1e30, at::kFloat).requires_grad_();
  totals.Check(kFirst, {Scalar(1), numbers});
  EXPECT_EQ(totals.stop().item<float>(), 0);
  EXPECT_TRUE(numbers.equal(at::full({3}, 1e30, at::kFloat)));
  EXPECT_FALSE(totals.Read({kFirst, kSecond}).failure.has_value());
}

/// For each of the two places: the totals that are read two steps after its failure.
TEST(DeviceTotals, TellWhichCheckFailedAndWhen) {
  for (const double bad : {NAN, INFINITY, -INFINITY}) {
    for (const int failing : {kFirst, kSecond}) {
      DeviceTotals totals(c10::kCPU, 1, 2);
      for (int step = 0; step < 5; ++step) {
        for (const int check : {kSecond, kFirst}) {  // the order within a step
          // After the failure, everything may be NaN.
          const bool fails = step > 2 || (step == 2 && check == failing);
          totals.Check(check, {Scalar(1), Scalar(fails ? bad : 2)});
        }
      }
      EXPECT_EQ(totals.stop().item<float>(), 1);
      const auto failure = totals.Read({kSecond, kFirst}).failure;
      ASSERT_TRUE(failure.has_value());
      EXPECT_EQ(failure->check, failing) << bad;
      EXPECT_EQ(failure->checks_since, 3) << bad;
    }
  }
}

TEST(DeviceTotals, CheckNumbersOfBothPrecisions) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    DeviceTotals totals(c10::kCPU, 1, 1);
    totals.Check(0, {at::ones({2, 3}, type)});
    EXPECT_EQ(totals.stop().item<float>(), 0);
    totals.Check(0, {at::ones({2, 3}, type), at::full({2}, NAN, type)});
    EXPECT_EQ(totals.stop().item<float>(), 1);
    totals.Check(0, {at::ones({2, 3}, type)});
    EXPECT_EQ(totals.stop().item<float>(), 1) << "it stays stopped";
  }
}

}  // namespace
}  // namespace pdarts
