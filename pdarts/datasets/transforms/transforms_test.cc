#include "pdarts/datasets/transforms/transforms.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/_upsample_bilinear2d_aa.h"
#include "ATen/ops/arange.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/full.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/random_stream.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/transform.h"
#include "pdarts/datasets/transforms/plan_runner.h"

namespace pdarts {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kNormalize[] =
    "transforms { [type.googleapis.com/pdarts.transforms.NormalizeConfig] {} }";

DatasetInfo Info(int channels, int height, int width) {
  DatasetInfo info;
  info.image = {channels, height, width};
  info.mean.assign(static_cast<size_t>(channels), 0.5);
  info.deviation.assign(static_cast<size_t>(channels), 0.25);
  return info;
}

/// An element of a list: Flip and "probability: 1" become the field `transforms` of a message.
std::string Element(const std::string& type, const std::string& settings = "") {
  return absl::StrCat("transforms { [type.googleapis.com/pdarts.transforms.", type, "Config] { ",
                      settings, " } } ");
}

SearchSettings Settings(const std::string& text) {
  SearchSettings settings;
  absl::Status status = ParseSpecInto(text, "test", &settings);
  if (status.ok()) status = CompleteSpec(&settings);
  EXPECT_TRUE(status.ok()) << status;
  return settings;
}

absl::StatusOr<Transforms> TryList(const std::string& text, const DatasetInfo& info) {
  return Transforms::ForSearch(Settings(text), info);
}

Transforms List(const std::string& text, const DatasetInfo& info) {
  auto transforms = TryList(text, info);
  EXPECT_TRUE(transforms.ok()) << transforms.status();
  return *std::move(transforms);
}

std::string ErrorOf(const std::string& text, const DatasetInfo& info) {
  return std::string(TryList(text, info).status().message());
}

at::Tensor Pixels(int64_t channels, int64_t height, int64_t width) {
  return at::arange(channels * height * width)
      .mul(37)
      .remainder(251)
      .add(1)
      .to(at::kByte)
      .view({channels, height, width});
}

/// The results for an image `[C,H,W]` that is sample 0 .. n - 1: `[n,C,H,W]` float64.
at::Tensor Transformed(const Transforms& transforms, const DatasetInfo& info,
                       const at::Tensor& image, int64_t n) {
  const at::Tensor results =
      at::empty({n, info.image.channels, info.image.height, info.image.width}, at::kDouble);
  const auto runner = PlanRunner::Make(info.image, at::kDouble);
  const RandomStream random(1, 0, 0, "test");
  ImagePlan plan;
  for (int64_t i = 0; i < n; ++i) {
    absl::Status status =
        transforms.Plan(info, image.size(1), image.size(2), random, /*sample=*/i, &plan);
    if (status.ok()) {
      status = runner->Run(plan, image.size(1), image.size(2), image.const_data_ptr<uint8_t>(),
                           results[i].mutable_data_ptr());
    }
    EXPECT_TRUE(status.ok()) << status;
  }
  return results;
}

/// Reverses the normalization with the statistics of Info.
at::Tensor Values(const at::Tensor& normalized) { return normalized.mul(0.25).add(0.5).mul(255); }

double Normalized(double value) { return (value / 255 - 0.5) / 0.25; }

TEST(PadAndCrop, MovesTheImageByUpToThePadding) {
  const DatasetInfo info = Info(1, 6, 6);
  const at::Tensor pixels = Pixels(1, 6, 6);
  const at::Tensor results =
      Transformed(List(Element("PadAndCrop", "padding: 2") + kNormalize, info), info, pixels, 1000);
  const auto image = pixels.accessor<uint8_t, 3>();
  std::map<std::pair<int, int>, int> moves;
  for (int64_t i = 0; i < 1000; ++i) {
    const auto got = results.accessor<double, 4>()[i][0];
    int matches = 0;
    for (int dy = -2; dy <= 2; ++dy) {
      for (int dx = -2; dx <= 2; ++dx) {
        bool same = true;
        for (int y = 0; y < 6 && same; ++y) {
          for (int x = 0; x < 6 && same; ++x) {
            const bool inside = y + dy >= 0 && y + dy < 6 && x + dx >= 0 && x + dx < 6;
            same = std::abs(got[y][x] - Normalized(inside ? image[0][y + dy][x + dx] : 0)) < 1e-9;
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

TEST(Flip, MirrorsAsManyImagesAsItIsTold) {
  const DatasetInfo info = Info(1, 4, 4);
  const at::Tensor image = Pixels(1, 4, 4);
  const at::Tensor plain = Transformed(List(kNormalize, info), info, image, 1)[0];
  for (const auto& [probability, low, high] :
       {std::tuple(0.0, 0, 0), std::tuple(0.5, 430, 570), std::tuple(1.0, 1000, 1000)}) {
    const at::Tensor results = Transformed(
        List(Element("Flip", absl::StrCat("probability: ", probability)) + kNormalize, info), info,
        image, 1000);
    int flipped = 0;
    for (int64_t i = 0; i < 1000; ++i) {
      if (results[i].equal(plain.flip({2}))) {
        ++flipped;
      } else {
        ASSERT_TRUE(results[i].equal(plain));
      }
    }
    EXPECT_GE(flipped, low) << probability;
    EXPECT_LE(flipped, high) << probability;
  }
}

/// The results are the squares around all possible centers, cut off at the borders, and no others.
TEST(Cutout, ClearsASquareClippedAtTheBorders) {
  constexpr int kSize = 8, kSide = 4, kImages = 1000;
  const DatasetInfo info = Info(2, kSize, kSize);
  using Mask = std::vector<bool>;
  std::set<Mask> expected;
  for (int y = 0; y < kSize; ++y) {
    for (int x = 0; x < kSize; ++x) {
      Mask mask(size_t{kSize} * kSize);
      for (int i = std::max(0, y - kSide / 2); i < std::min(kSize, y + kSide / 2); ++i) {
        for (int j = std::max(0, x - kSide / 2); j < std::min(kSize, x + kSide / 2); ++j) {
          mask[static_cast<size_t>(i * kSize + j)] = true;
        }
      }
      expected.insert(mask);
    }
  }
  ASSERT_EQ(expected.size(), 64u);
  const std::string cutout = Element("Cutout", absl::StrCat("side: ", kSide));
  // After the normalization, zero is the mean. Before it, zero is black.
  for (const auto& [list, zero] :
       {std::pair(kNormalize + cutout, 0.0), std::pair(cutout + kNormalize, Normalized(0))}) {
    const at::Tensor results =
        Transformed(List(list, info), info, at::full({2, kSize, kSize}, 255, at::kByte), kImages);
    const auto images = results.accessor<double, 4>();
    std::set<Mask> cut;
    for (int n = 0; n < kImages; ++n) {
      Mask mask(size_t{kSize} * kSize);
      for (int i = 0; i < kSize; ++i) {
        for (int j = 0; j < kSize; ++j) {
          mask[static_cast<size_t>(i * kSize + j)] = images[n][0][i][j] == zero;
          ASSERT_EQ(images[n][1][i][j] == zero, images[n][0][i][j] == zero) << "channels differ";
        }
      }
      cut.insert(mask);
    }
    EXPECT_TRUE(cut == expected) << list;
  }
}

TEST(Normalize, TakesTheDatasetsStatisticsOrItsOwn) {
  DatasetInfo info = Info(3, 4, 4);
  info.mean = {0.1, 0.5, 0.9};
  info.deviation = {0.2, 0.3, 0.4};
  const at::Tensor image = Pixels(3, 4, 4);
  const auto check = [&](const std::string& settings, const std::vector<double>& mean,
                         const std::vector<double>& deviation) {
    const at::Tensor result =
        Transformed(List(Element("Normalize", settings), info), info, image, 1)[0];
    for (int64_t c = 0; c < 3; ++c) {
      const at::Tensor expected = image[c].to(at::kDouble).div(255).sub(mean[c]).div(deviation[c]);
      EXPECT_LT((result[c] - expected).abs().max().item<double>(), 1e-12) << settings << c;
    }
  };
  check("", info.mean, info.deviation);
  check("mean: [0.2, 0.3, 0.4]", {0.2, 0.3, 0.4}, info.deviation);
  check("deviation: [0.5, 0.6, 0.7]", info.mean, {0.5, 0.6, 0.7});
  EXPECT_THAT(ErrorOf(Element("Normalize", "mean: 0.5"), info),
              HasSubstr("search.transforms[0]: the transform normalize has 1 elements of mean, "
                        "expected one for each channel: 3"));
}

/// The regions that the first transform of a list resizes, for an image of this size that is sample
/// 0 .. n - 1.
std::vector<PixelRegion> Regions(const std::string& text, const DatasetInfo& info, int64_t height,
                                 int64_t width, int64_t n) {
  const Transforms transforms = List(text, info);
  const RandomStream random(1, 0, 0, "test");
  std::vector<PixelRegion> regions;
  for (int64_t i = 0; i < n; ++i) {
    ImagePlan plan;
    EXPECT_TRUE(transforms.Plan(info, height, width, random, i, &plan).ok());
    const ImagePlan::Step& step = plan.steps().front();
    EXPECT_EQ(step.kind, ImagePlan::Step::Kind::kResize);
    EXPECT_EQ(step.height, info.image.height);
    EXPECT_EQ(step.width, info.image.width);
    regions.push_back(step.region);
  }
  return regions;
}

std::vector<int64_t> Numbers(const PixelRegion& region) {
  return {region.left, region.top, region.width, region.height};
}

TEST(RandomResizedCrop, DrawsAreaProportionsAndPlace) {
  constexpr int64_t kHeight = 300, kWidth = 400, kRegions = 4000;
  const std::vector<PixelRegion> regions =
      Regions(Element("RandomResizedCrop", "min_area: 0.1 max_area: 0.5") + kNormalize,
              Info(3, 32, 32), kHeight, kWidth, kRegions);
  double areas = 0, aspects = 0, places = 0;
  bool at_left = false, at_right = false, at_top = false, at_bottom = false;
  for (const PixelRegion& region : regions) {
    ASSERT_GE(region.left, 0);
    ASSERT_GE(region.top, 0);
    ASSERT_LE(region.left + region.width, kWidth);
    ASSERT_LE(region.top + region.height, kHeight);
    const double area = static_cast<double>(region.width * region.height) / (kHeight * kWidth);
    const double aspect = static_cast<double>(region.width) / static_cast<double>(region.height);
    ASSERT_GT(area, 0.098);  // the sides are whole pixels
    ASSERT_LT(area, 0.505);
    ASSERT_GT(aspect, 0.74);
    ASSERT_LT(aspect, 1.35);
    areas += area / kRegions;
    aspects += std::log(aspect) / kRegions;
    places +=
        static_cast<double>(region.left) / static_cast<double>(kWidth - region.width) / kRegions;
    at_left |= region.left < 20;
    at_right |= region.left + region.width > kWidth - 20;
    at_top |= region.top < 20;
    at_bottom |= region.top + region.height > kHeight - 20;
  }
  // All these rectangles fit into the image, so none is drawn twice. The tolerance is four standard
  // deviations.
  EXPECT_NEAR(areas, 0.3, 4 * 0.4 * 0.289 / 63);
  EXPECT_NEAR(aspects, 0, 4 * 0.575 * 0.289 / 63);
  EXPECT_NEAR(places, 0.5, 4 * 0.289 / 63);
  EXPECT_TRUE(at_left && at_right && at_top && at_bottom);
}

TEST(RandomResizedCrop, TakesTheMiddleOfAnImageThatNoRectangleFitsInto) {
  const std::string list =
      Element("RandomResizedCrop", "min_area: 0.9 min_aspect: 0.5 max_aspect: 2") + kNormalize;
  EXPECT_THAT(Numbers(Regions(list, Info(3, 32, 32), 10, 1000, 1)[0]), ElementsAre(490, 0, 20, 10));
  EXPECT_THAT(Numbers(Regions(list, Info(3, 32, 32), 1000, 10, 1)[0]), ElementsAre(0, 490, 10, 20));
}

TEST(RandomResizedCrop, ResizesTheRegion) {
  const DatasetInfo info = Info(3, 8, 8);
  const std::string list = Element("RandomResizedCrop", "max_area: 0.5") + kNormalize;
  const at::Tensor image = Pixels(3, 40, 30);
  const at::Tensor results = Transformed(List(list, info), info, image, 5);
  const std::vector<PixelRegion> regions = Regions(list, info, 40, 30, 5);
  for (int64_t i = 0; i < 5; ++i) {
    const PixelRegion& region = regions[static_cast<size_t>(i)];
    const at::Tensor part = image.narrow(1, region.top, region.height)
                                .narrow(2, region.left, region.width)
                                .contiguous();
    const at::Tensor expected =
        at::_upsample_bilinear2d_aa(part.unsqueeze(0), {8, 8}, false)[0].to(at::kDouble);
    EXPECT_LT((Values(results[i]) - expected).abs().max().item<double>(), 1e-9) << i;
  }
}

TEST(RandomResizedCrop, RefusesRangesThatAreEmpty) {
  const DatasetInfo info = Info(3, 8, 8);
  EXPECT_EQ(
      ErrorOf(Element("RandomResizedCrop", "min_area: 0.5 max_area: 0.25") + kNormalize, info),
      "search.transforms[0]: min_area: 0.5 is more than max_area: 0.25");
  EXPECT_EQ(ErrorOf(Element("RandomResizedCrop", "min_aspect: 2") + kNormalize, info),
            "search.transforms[0]: min_aspect: 2 is more than max_aspect: 1.33333");
}

TEST(ResizeCenterCrop, TakesTheMiddle) {
  const std::string list = Element("ResizeCenterCrop") + kNormalize;
  const auto region = [](const std::string& text, const DatasetInfo& info, int64_t height,
                         int64_t width) {
    return Numbers(Regions(text, info, height, width, 1)[0]);
  };
  EXPECT_THAT(region(list, Info(3, 32, 32), 50, 81), ElementsAre(15, 0, 50, 50));
  EXPECT_THAT(region(list, Info(3, 32, 32), 81, 50), ElementsAre(0, 15, 50, 50));
  EXPECT_THAT(region(list, Info(3, 32, 32), 10, 10), ElementsAre(0, 0, 10, 10));
  // The result has the proportions of the network's images.
  EXPECT_THAT(region(list, Info(3, 32, 64), 100, 100), ElementsAre(0, 25, 100, 50));
  // 375 pixels become 256, and the middle 224 are used.
  const std::string published = Element("ResizeCenterCrop", "short_side: 256") + kNormalize;
  EXPECT_THAT(region(published, Info(3, 224, 224), 375, 500), ElementsAre(86, 23, 328, 328));
  DatasetInfo stretched = Info(3, 32, 32);
  stretched.fit = ImageFit::kStretch;
  EXPECT_THAT(region(list, stretched, 50, 81), ElementsAre(0, 0, 81, 50));
  EXPECT_THAT(ErrorOf(Element("ResizeCenterCrop", "short_side: 31") + kNormalize, stretched),
              AllOf(HasSubstr("search.transforms[0]"),
                    HasSubstr("has short_side: 31, expected at least 32")));
}

TEST(ColorJitter, BrightnessMultipliesAllValues) {
  const DatasetInfo info = Info(3, 2, 2);
  at::Tensor image = at::full({3, 2, 2}, 100, at::kByte);
  image[1].fill_(200);
  image[2].fill_(0);
  const at::Tensor results = Values(Transformed(
      List(Element("ColorJitter", "brightness: 0.5 contrast: 0 saturation: 0 hue: 0") + kNormalize,
           info),
      info, image, 1000));
  double sum = 0, least = 2, most = 0;
  for (int64_t i = 0; i < 1000; ++i) {
    const double red = results[i][0][0][0].item<double>();
    const double green = results[i][1][1][0].item<double>();
    const double factor = red / 100;
    sum += factor;
    least = std::min(least, factor);
    most = std::max(most, factor);
    EXPECT_NEAR(green, std::min(255.0, 200 * factor), 1.6);  // each value is rounded
    EXPECT_NEAR(results[i][2][0][1].item<double>(), 0, 1e-9);
  }
  EXPECT_NEAR(sum / 1000, 1, 4 * 0.289 / 31.6);
  EXPECT_NEAR(least, 0.5, 0.02);
  EXPECT_NEAR(most, 1.5, 0.02);
}

TEST(ColorJitter, ContrastKeepsTheMeanAndSaturationTheGray) {
  const DatasetInfo info = Info(3, 2, 2);
  at::Tensor image = at::empty({3, 2, 2}, at::kByte);
  const std::vector<int> colors = {100, 130, 90, 120, 110, 105, 125, 95, 140, 115, 100, 108};
  for (size_t i = 0; i < colors.size(); ++i) {
    image.mutable_data_ptr<uint8_t>()[i] = static_cast<uint8_t>(colors[i]);
  }
  const auto gray = [](const at::Tensor& values) {
    return values[0] * 0.299 + values[1] * 0.587 + values[2] * 0.114;
  };
  const at::Tensor before = gray(image.to(at::kDouble));
  const at::Tensor contrast = Values(Transformed(
      List(Element("ColorJitter", "brightness: 0 contrast: 0.5 saturation: 0 hue: 0") + kNormalize,
           info),
      info, image, 50));
  const at::Tensor saturation = Values(Transformed(
      List(Element("ColorJitter", "brightness: 0 contrast: 0 saturation: 0.5 hue: 0") + kNormalize,
           info),
      info, image, 50));
  double widest = 0, narrowest = 1000;
  for (int64_t i = 0; i < 50; ++i) {
    EXPECT_NEAR(gray(contrast[i]).mean().item<double>(), before.mean().item<double>(), 0.5) << i;
    const at::Tensor red = contrast[i][0];
    const double range = (red.max() - red.min()).item<double>();
    widest = std::max(widest, range);
    narrowest = std::min(narrowest, range);
    EXPECT_LT((gray(saturation[i]) - before).abs().max().item<double>(), 0.51) << i;
  }
  EXPECT_GT(widest, 50);  // the range of the unchanged image is 40
  EXPECT_LT(narrowest, 30);
  EXPECT_FALSE(saturation[0].equal(saturation[1]));
}

TEST(ColorJitter, HueTurnsAroundTheCircle) {
  const DatasetInfo info = Info(3, 1, 2);
  // Pure red, and gray, which has no hue.
  const at::Tensor image = at::empty({3, 1, 2}, at::kByte);
  const std::vector<int> colors = {200, 80, 0, 80, 0, 80};
  for (size_t i = 0; i < colors.size(); ++i) {
    image.mutable_data_ptr<uint8_t>()[i] = static_cast<uint8_t>(colors[i]);
  }
  const at::Tensor results = Values(Transformed(
      List(Element("ColorJitter", "brightness: 0 contrast: 0 saturation: 0 hue: 0.5") + kNormalize,
           info),
      info, image, 600));
  std::map<int, int> largest;  // how often each channel is the largest
  for (int64_t i = 0; i < 600; ++i) {
    const at::Tensor red = results[i].select(2, 0).flatten();
    EXPECT_NEAR(red.max().item<double>(), 200, 1e-6);
    EXPECT_NEAR(red.min().item<double>(), 0, 1e-6);
    EXPECT_LT((results[i].select(2, 1) - 80).abs().max().item<double>(), 1e-6);
    ++largest[static_cast<int>(red.argmax().item<int64_t>())];
  }
  for (const auto& [channel, count] : largest) EXPECT_NEAR(count, 200, 46) << channel;
  EXPECT_EQ(largest.size(), 3u);
}

TEST(ColorJitter, RefusesWhatHasNoColors) {
  EXPECT_EQ(ErrorOf(Element("ColorJitter") + kNormalize, Info(1, 4, 4)),
            "search.transforms[0]: the transform color_jitter needs images of 3 channels, these "
            "have 1");
  EXPECT_EQ(ErrorOf(kNormalize + Element("ColorJitter"), Info(3, 4, 4)),
            "search.transforms[1]: the transform color_jitter changes 8-bit colors, so it must "
            "stand before normalize");
}

TEST(Transforms, TheShortFormIsTheList) {
  const DatasetInfo info = Info(3, 32, 32);
  const at::Tensor image = Pixels(3, 32, 32);
  const auto expect_equal = [&](const Transforms& a, const Transforms& b) {
    EXPECT_TRUE(Transformed(a, info, image, 20).equal(Transformed(b, info, image, 20)));
  };
  const std::string published = Element("PadAndCrop", "padding: 4") + Element("Flip") + kNormalize;
  expect_equal(List("", info), List(published, info));
  expect_equal(List("augmentation { crop_padding: 2 cutout: 8 }", info),
               List(Element("PadAndCrop", "padding: 2") + Element("Flip") + kNormalize +
                        Element("Cutout", "side: 8"),
                    info));
  expect_equal(List("augmentation { crop_padding: 0 flip: false }", info), List(kNormalize, info));

  TrainSettings train;
  ASSERT_TRUE(CompleteSpec(&train).ok());
  const auto training = Transforms::ForTraining(train, info);
  ASSERT_TRUE(training.ok()) << training.status();
  expect_equal(*training, List(published + Element("Cutout", "side: 16"), info));
  const auto evaluation = Transforms::ForEvaluation(train, info);
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  expect_equal(*evaluation, List(kNormalize, info));
}

TEST(Transforms, EveryListOfATrainingIsNamedInItsErrors) {
  TrainSettings settings;
  const std::string lists =
      absl::StrCat(Element("Flip"), "evaluation_transforms { ",
                   "[type.googleapis.com/pdarts.transforms.ResizeCenterCropConfig] {} }");
  ASSERT_TRUE(ParseSpecInto(lists, "test", &settings).ok());
  const std::string missing = ": no transform of the list normalizes images, expected exactly one";
  EXPECT_THAT(Transforms::ForTraining(settings, Info(3, 8, 8)).status().ToString(),
              HasSubstr("train.transforms" + missing));
  EXPECT_THAT(Transforms::ForEvaluation(settings, Info(3, 8, 8)).status().ToString(),
              HasSubstr("train.evaluation_transforms" + missing));
}

TEST(Transforms, RefusesListsThatCannotWork) {
  const DatasetInfo info = Info(3, 8, 8);
  EXPECT_THAT(ErrorOf(kNormalize + Element("Flip") + kNormalize, info),
              HasSubstr("search.transforms[0] and search.transforms[2]: both normalize images"));
  EXPECT_EQ(ErrorOf(Element("Flip") + Element("RandomResizedCrop") + kNormalize, info),
            "search.transforms[1]: the transform random_resized_crop sets the size of the images, "
            "so it must be the first of the list; it is number 2");
}

TEST(Transforms, TheShortFormAndTheListExcludeEachOther) {
  SearchSettings settings;
  ASSERT_TRUE(
      ParseSpecInto(absl::StrCat("augmentation { flip: false } ", kNormalize), "test", &settings)
          .ok());
  const absl::Status status = ValidateMessage(settings, "search");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("search.augmentation and search.transforms: both are set, expected one"));
  // A list is not changed when the spec is completed, and no short form is added.
  settings.clear_augmentation();
  ASSERT_TRUE(CompleteSpec(&settings).ok());
  EXPECT_FALSE(settings.has_augmentation());
  EXPECT_TRUE(ValidateMessage(settings, "search").ok());
  EXPECT_TRUE(Settings("").has_augmentation());
}

TEST(Transforms, ImagesOfOtherSizesAreCroppedAndResizedFirst) {
  DatasetInfo info = Info(3, 8, 8);
  const at::Tensor image = Pixels(3, 20, 16);
  const auto resized = [](const at::Tensor& part) {
    return at::_upsample_bilinear2d_aa(part.contiguous().unsqueeze(0), {8, 8}, false)[0].to(
        at::kDouble);
  };
  const auto expect = [&](const at::Tensor& expected) {
    const at::Tensor got = Values(Transformed(List(kNormalize, info), info, image, 1)[0]);
    EXPECT_LT((got - expected).abs().max().item<double>(), 1e-9);
  };
  expect(resized(image.slice(1, 2, 18)));
  info.fit = ImageFit::kStretch;
  expect(resized(image));
}

TEST(Transforms, FindsTheRegionThatIsResized) {
  const DatasetInfo info = Info(3, 8, 8);
  const auto region = [&](const std::string& list, int64_t height, int64_t width) {
    return Numbers(List(list, info).FindRegion(info, height, width).value());
  };
  EXPECT_THAT(region(kNormalize, 20, 16), ElementsAre(0, 2, 16, 16));
  EXPECT_THAT(region(Element("ResizeCenterCrop", "short_side: 16") + kNormalize, 20, 16),
              ElementsAre(4, 6, 8, 8));
  // An image with the size of the network's images is not resized.
  EXPECT_THAT(region(kNormalize, 8, 8), ElementsAre(0, 0, 8, 8));
}

TEST(Transforms, WhatIsDrawnDependsOnTheSampleAndTheEpochAlone) {
  const DatasetInfo info = Info(3, 8, 8);
  const Transforms transforms =
      List(Element("RandomResizedCrop") + Element("ColorJitter") + kNormalize, info);
  const auto region = [&](int64_t epoch, int64_t sample) {
    ImagePlan plan;
    EXPECT_TRUE(
        transforms.Plan(info, 100, 100, RandomStream(1, 0, epoch, "test"), sample, &plan).ok());
    return Numbers(plan.steps().front().region);
  };
  const std::vector<int64_t> first = region(0, 0);
  EXPECT_NE(region(0, 1), first);
  EXPECT_NE(region(1, 0), first);
  EXPECT_EQ(region(0, 0), first);
}

TEST(Transforms, NotesWhatLeavesLittleOfTheImages) {
  const DatasetInfo info = Info(3, 32, 24);
  EXPECT_THAT(List("augmentation { crop_padding: 23 cutout: 23 }", info).Notes(info), IsEmpty());
  EXPECT_THAT(
      List("augmentation { cutout: 24 }", info).Notes(info),
      ElementsAre(HasSubstr("search.augmentation.cutout: 24 is as large as the images of 32x24")));
  EXPECT_THAT(List("augmentation { crop_padding: 100 }", info).Notes(info),
              ElementsAre(HasSubstr("search.augmentation.crop_padding: 100 is as large as")));
  EXPECT_THAT(List(kNormalize + Element("Cutout", "side: 24"), info).Notes(info),
              ElementsAre(HasSubstr("search.transforms[1].side: 24 is as large as the images")));
}

}  // namespace
}  // namespace pdarts
