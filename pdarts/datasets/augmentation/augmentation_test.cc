#include "pdarts/datasets/augmentation/augmentation.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/arange.h"
#include "ATen/ops/full.h"
#include "ATen/ops/randint.h"
#include "ATen/ops/zeros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/random.h"
#include "pdarts/datasets/augmentation/augmentation_notes.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

DatasetInfo Info(int channels, int height, int width) {
  DatasetInfo info;
  info.image.channels = channels;
  info.image.height = height;
  info.image.width = width;
  info.mean.assign(channels, 0.5);
  info.deviation.assign(channels, 0.25);
  return info;
}

ImageSplit Split(int64_t n, const DatasetInfo& info) {
  ImageSplit split;
  split.images = at::randint(1, 256, {n, info.image.channels, info.image.height, info.image.width},
                             MakeGenerator(1, "images"), at::TensorOptions(at::kByte));
  split.labels = at::arange(n, at::kLong);
  return split;
}

AugmentationSettings None() {
  AugmentationSettings settings;
  settings.set_crop_padding(0);
  settings.set_flip(false);
  return settings;
}

double Normalised(double pixel) { return (pixel / 255 - 0.5) / 0.25; }

TEST(Augmentation, EvaluationBatchIsNormalisedAndInOrder) {
  const DatasetInfo info = Info(3, 5, 4);
  const ImageSplit split = Split(6, info);
  const Batch batch =
      MakeEvaluationBatch(split, at::arange(5, 1, -2, at::kLong), info, at::kDouble);
  ASSERT_EQ(batch.images.sizes(), (at::IntArrayRef{2, 3, 5, 4}));
  EXPECT_EQ(batch.labels[0].item<int64_t>(), 5);
  const at::Tensor expected = split.images[5].to(at::kDouble).div(255).sub(0.5).div(0.25);
  EXPECT_LT((batch.images[0] - expected).abs().max().item<double>(), 1e-12);
}

TEST(Augmentation, EachChannelHasItsOwnStatistics) {
  DatasetInfo info = Info(3, 4, 4);
  info.mean = {0.1, 0.5, 0.9};
  info.deviation = {0.2, 0.3, 0.4};
  const ImageSplit split = Split(1, info);
  at::Generator generator = MakeGenerator(1, "augmentation");
  const at::Tensor index = at::zeros({1}, at::kLong);
  for (const Batch& batch :
       {MakeEvaluationBatch(split, index, info, at::kDouble),
        MakeTrainingBatch(split, index, None(), info, at::kDouble, generator)}) {
    for (int c = 0; c < 3; ++c) {
      const at::Tensor expected =
          split.images[0][c].to(at::kDouble).div(255).sub(info.mean[c]).div(info.deviation[c]);
      EXPECT_LT((batch.images[0][c] - expected).abs().max().item<double>(), 1e-12) << c;
    }
  }
}

TEST(Augmentation, WithoutAnySettingATrainingBatchIsAnEvaluationBatch) {
  const DatasetInfo info = Info(3, 8, 8);
  const ImageSplit split = Split(4, info);
  const at::Tensor all = at::arange(4, at::kLong);
  at::Generator generator = MakeGenerator(1, "augmentation");
  const Batch trained = MakeTrainingBatch(split, all, None(), info, at::kFloat, generator);
  EXPECT_TRUE(trained.images.equal(MakeEvaluationBatch(split, all, info, at::kFloat).images));
}

/// Every crop is the image moved by at most the padding, what comes in from outside being 0 before
/// normalisation; all moves occur.
TEST(Augmentation, CropsMoveTheImageByUpToThePadding) {
  const DatasetInfo info = Info(1, 6, 6);
  const ImageSplit split = Split(1, info);
  AugmentationSettings settings = None();
  settings.set_crop_padding(2);
  at::Generator generator = MakeGenerator(1, "augmentation");
  const Batch batch = MakeTrainingBatch(split, at::zeros({1000}, at::kLong), settings, info,
                                        at::kDouble, generator);
  const auto image = split.images.accessor<uint8_t, 4>();
  std::map<std::pair<int, int>, int> moves;
  for (int64_t i = 0; i < 1000; ++i) {
    const auto got = batch.images.accessor<double, 4>()[i][0];
    int matches = 0;
    for (int dy = -2; dy <= 2; ++dy) {
      for (int dx = -2; dx <= 2; ++dx) {
        bool same = true;
        for (int y = 0; y < 6 && same; ++y) {
          for (int x = 0; x < 6 && same; ++x) {
            const bool inside = y + dy >= 0 && y + dy < 6 && x + dx >= 0 && x + dx < 6;
            same =
                std::abs(got[y][x] - Normalised(inside ? image[0][0][y + dy][x + dx] : 0)) < 1e-9;
          }
        }
        if (same) {
          ++matches;
          ++moves[{dy, dx}];
        }
      }
    }
    ASSERT_EQ(matches, 1) << "image " << i;
  }
  EXPECT_EQ(moves.size(), 25u);
  for (const auto& [move, count] : moves) EXPECT_GT(count, 15) << move.first << "," << move.second;
}

TEST(Augmentation, FlipsAboutHalfOfTheImages) {
  const DatasetInfo info = Info(1, 4, 4);
  const ImageSplit split = Split(1, info);
  AugmentationSettings settings = None();
  settings.set_flip(true);
  at::Generator generator = MakeGenerator(1, "augmentation");
  const at::Tensor indices = at::zeros({1000}, at::kLong);
  const Batch batch = MakeTrainingBatch(split, indices, settings, info, at::kFloat, generator);
  const at::Tensor plain = MakeEvaluationBatch(split, indices, info, at::kFloat).images[0];
  int flipped = 0;
  for (int64_t i = 0; i < 1000; ++i) {
    if (batch.images[i].equal(plain.flip({2}))) {
      ++flipped;
    } else {
      ASSERT_TRUE(batch.images[i].equal(plain));
    }
  }
  EXPECT_GT(flipped, 430);
  EXPECT_LT(flipped, 570);
}

/// The squares of all centres in the image, each clipped at the borders, and no others.
TEST(Augmentation, CutoutClearsASquareClippedAtTheBorders) {
  constexpr int kSize = 8, kSide = 4, kImages = 1000;
  const DatasetInfo info = Info(2, kSize, kSize);
  ImageSplit split = Split(1, info);
  split.images.fill_(255);
  AugmentationSettings settings = None();
  settings.set_cutout(kSide);
  at::Generator generator = MakeGenerator(1, "augmentation");
  const Batch batch = MakeTrainingBatch(split, at::zeros({kImages}, at::kLong), settings, info,
                                        at::kFloat, generator);
  using Mask = std::vector<bool>;
  std::set<Mask> expected, cut;
  for (int y = 0; y < kSize; ++y) {
    for (int x = 0; x < kSize; ++x) {
      Mask mask(size_t{kSize} * kSize);
      for (int i = std::max(0, y - kSide / 2); i < std::min(kSize, y + kSide / 2); ++i) {
        for (int j = std::max(0, x - kSide / 2); j < std::min(kSize, x + kSide / 2); ++j) {
          mask[i * kSize + j] = true;
        }
      }
      expected.insert(mask);
    }
  }
  ASSERT_EQ(expected.size(), 64u);
  const auto images = batch.images.accessor<float, 4>();
  for (int n = 0; n < kImages; ++n) {
    Mask mask(size_t{kSize} * kSize);
    for (int i = 0; i < kSize; ++i) {
      for (int j = 0; j < kSize; ++j) {
        mask[i * kSize + j] = images[n][0][i][j] == 0;
        ASSERT_EQ(images[n][1][i][j] == 0, images[n][0][i][j] == 0) << "channels differ";
      }
    }
    cut.insert(mask);
  }
  EXPECT_TRUE(cut == expected);
}

TEST(Augmentation, NotesWhatLeavesLittleOfTheImages) {
  const ImageShape image = {3, 32, 24};
  EXPECT_TRUE(AugmentationNotes("train.augmentation", 23, 23, image).empty());
  EXPECT_THAT(
      AugmentationNotes("train.augmentation", 4, 24, image),
      ElementsAre(HasSubstr("train.augmentation.cutout: 24 is as large as the images of 32x24")));
  EXPECT_THAT(
      AugmentationNotes("search.augmentation", 100, 0, image),
      ElementsAre(HasSubstr("search.augmentation.crop_padding: 100 is as large as the images")));
}

TEST(Augmentation, RepeatsWithTheSameGeneratorOnly) {
  const DatasetInfo info = Info(3, 32, 32);
  const ImageSplit split = Split(20, info);
  const AugmentationSettings settings;
  const auto make = [&](uint64_t seed) {
    at::Generator generator = MakeGenerator(seed, "augmentation");
    return MakeTrainingBatch(split, at::arange(20, at::kLong), settings, info, at::kFloat,
                             generator)
        .images;
  };
  EXPECT_TRUE(make(1).equal(make(1)));
  EXPECT_FALSE(make(1).equal(make(2)));
}

}  // namespace
}  // namespace pdarts
