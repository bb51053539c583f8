#include "pdarts/datasets/augmentation/batch_stream.h"

#include <algorithm>
#include <vector>

#include "ATen/ops/arange.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/random.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

std::vector<int64_t> Values(const at::Tensor& t) {
  const at::Tensor plain = t.contiguous();
  return {plain.const_data_ptr<int64_t>(), plain.const_data_ptr<int64_t>() + plain.numel()};
}

TEST(BatchStream, VisitsEveryImageOnceAPassAndKeepsTheSmallBatch) {
  BatchStream stream(at::arange(10, 17, at::kLong), 3, MakeGenerator(1, "order"));
  std::vector<std::vector<int64_t>> passes;
  for (int pass = 0; pass < 2; ++pass) {
    std::vector<int64_t> seen;
    for (int64_t size : {3, 3, 1}) {
      const std::vector<int64_t> batch = Values(stream.Next());
      EXPECT_EQ(static_cast<int64_t>(batch.size()), size);
      seen.insert(seen.end(), batch.begin(), batch.end());
    }
    passes.push_back(seen);
    std::sort(seen.begin(), seen.end());
    EXPECT_THAT(seen, ::testing::ElementsAre(10, 11, 12, 13, 14, 15, 16));
  }
  EXPECT_NE(passes[0], passes[1]) << "each pass has an order of its own";
}

TEST(BatchStream, BeginEpochDropsTheRestOfThePass) {
  BatchStream stream(at::arange(4, at::kLong), 3, MakeGenerator(1, "order"));
  stream.Next();
  stream.BeginEpoch();
  EXPECT_EQ(stream.Next().size(0), 3);
}

/// Restored at any point of a pass, the end of one and before the first batch included.
TEST(BatchStream, GoesOnFromARestoredState) {
  for (int batches = 0; batches < 5; ++batches) {
    BatchStream stream(at::arange(7, at::kLong), 3, MakeGenerator(1, "order"));
    for (int i = 0; i < batches; ++i) stream.Next();
    BatchStream other(at::arange(7, at::kLong), 3, MakeGenerator(2, "order"));
    other.Next();
    ASSERT_TRUE(other.Restore(stream.order(), stream.position(), stream.generator().clone()).ok());
    for (int i = 0; i < 7; ++i) {
      EXPECT_EQ(Values(stream.Next()), Values(other.Next())) << batches << " batches, then " << i;
    }
  }
}

TEST(BatchStream, RefusesADamagedStateAndStaysAsItWas) {
  const auto make = [] {
    return BatchStream(at::arange(10, 14, at::kLong), 3, MakeGenerator(1, "order"));
  };
  BatchStream stream = make();
  const auto error = [&](const at::Tensor& order, int64_t position) {
    return stream.Restore(order, position, MakeGenerator(2, "order")).ToString();
  };
  const at::Tensor good = at::arange(10, 14, at::kLong);
  EXPECT_THAT(error(at::arange(10, 13, at::kLong), 0), HasSubstr("must be int64 [4]"));
  EXPECT_THAT(error(good.to(at::kInt), 0), HasSubstr("must be int64 [4]"));
  EXPECT_THAT(error(at::arange(4, at::kLong), 0), HasSubstr("each of the images once"));
  EXPECT_THAT(error(good.clamp_max(12), 0), HasSubstr("each of the images once"));
  EXPECT_THAT(error(good, 5), HasSubstr("position 5 is not in [0, 4]"));
  EXPECT_THAT(error(good, -1), HasSubstr("position -1 is not in [0, 4]"));
  EXPECT_THAT(error(at::Tensor(), 1), HasSubstr("position 1 without an order"));
  BatchStream untouched = make();
  EXPECT_EQ(Values(stream.Next()), Values(untouched.Next()));
}

TEST(BatchStream, LeavesTheOrderThatItWasRestoredFromAlone) {
  BatchStream stream(at::arange(4, at::kLong), 2, MakeGenerator(1, "order"));
  const at::Tensor order = at::arange(4, at::kLong);
  ASSERT_TRUE(stream.Restore(order, 0, MakeGenerator(1, "order")).ok());
  order.zero_();
  EXPECT_THAT(Values(stream.Next()), ::testing::ElementsAre(0, 1));
}

TEST(SplitTrainingImages, CutsWithoutShuffling) {
  const auto halves = SplitTrainingImages(10, 0, 0.5);
  EXPECT_THAT(Values(halves->weights), ::testing::ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(Values(halves->alphas), ::testing::ElementsAre(5, 6, 7, 8, 9));
  const auto some = SplitTrainingImages(10, 4, 0.75);
  EXPECT_THAT(Values(some->weights), ::testing::ElementsAre(0, 1, 2));
  EXPECT_THAT(Values(some->alphas), ::testing::ElementsAre(3));
}

TEST(SplitTrainingImages, RefusesEmptyHalvesAndMissingImages) {
  EXPECT_THAT(SplitTrainingImages(10, 11, 0.5).status().ToString(),
              HasSubstr("search.train_images: 11 are asked for, the dataset has 10"));
  EXPECT_THAT(SplitTrainingImages(1, 0, 0.5).status().ToString(),
              HasSubstr("leaves no image for the weights"));
  EXPECT_THAT(SplitTrainingImages(10, 0, 1).status().ToString(),
              HasSubstr("leaves no image for the alphas"));
}

}  // namespace
}  // namespace pdarts
