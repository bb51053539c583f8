#include "pdarts/trainers/batch_parts.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;

TrainSettings Settings(int batch_size, int accumulate) {
  TrainSettings settings;
  settings.set_batch_size(batch_size);
  settings.set_accumulate(accumulate);
  return settings;
}

TEST(BatchParts, OnePartIsTheBatch) {
  EXPECT_THAT(PartSizes(Settings(8, 1), 8), ElementsAre(8));
  EXPECT_THAT(PartSizes(Settings(8, 1), 3), ElementsAre(3));
}

TEST(BatchParts, DifferByOneImageAtMost) {
  EXPECT_THAT(PartSizes(Settings(8, 4), 8), ElementsAre(2, 2, 2, 2));
  EXPECT_THAT(PartSizes(Settings(8, 3), 8), ElementsAre(3, 3, 2));
  EXPECT_THAT(PartSizes(Settings(10, 4), 10), ElementsAre(3, 3, 2, 2));
  EXPECT_EQ(LargestPart(Settings(10, 4), 10), 3);
}

TEST(BatchParts, ASmallerBatchHasFewerParts) {
  EXPECT_THAT(PartSizes(Settings(8, 4), 4), ElementsAre(2, 2));
  EXPECT_THAT(PartSizes(Settings(8, 4), 5), ElementsAre(2, 2, 1));
  EXPECT_THAT(PartSizes(Settings(8, 4), 1), ElementsAre(1));
  EXPECT_EQ(LargestPart(Settings(8, 4), 1), 1);
}

}  // namespace
}  // namespace pdarts
