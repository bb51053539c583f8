#include "pdarts/trainers/training_halves.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<int64_t> Values(const at::Tensor& indices) {
  return {indices.const_data_ptr<int64_t>(), indices.const_data_ptr<int64_t>() + indices.numel()};
}

TEST(SplitTrainingImages, CutsWithoutShuffling) {
  const auto halves = SplitTrainingImages(10, 0, 0.5);
  EXPECT_THAT(Values(halves->weights), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(Values(halves->alphas), ElementsAre(5, 6, 7, 8, 9));
  const auto some = SplitTrainingImages(10, 4, 0.75);
  EXPECT_THAT(Values(some->weights), ElementsAre(0, 1, 2));
  EXPECT_THAT(Values(some->alphas), ElementsAre(3));
}

TEST(SplitTrainingImages, RefusesEmptyHalvesAndMissingImages) {
  EXPECT_THAT(SplitTrainingImages(10, 11, 0.5).status().ToString(),
              HasSubstr("search.train_images: 11 images are requested, but the dataset has 10"));
  EXPECT_THAT(SplitTrainingImages(1, 0, 0.5).status().ToString(),
              HasSubstr("leaves no image for the weights"));
  EXPECT_THAT(SplitTrainingImages(10, 0, 1).status().ToString(),
              HasSubstr("leaves no image for the alphas"));
}

}  // namespace
}  // namespace pdarts
