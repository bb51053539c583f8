// Tests of the contract of datasets, run on all registered datasets. The data folder is the
// temporary folder of the test. If the data of a dataset do not exist, only the parts that do not
// need them are tested.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ATen/ops/cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/sha256.h"
#include "pdarts/core/dataset.h"
#include "tests/batteries/plugins_of.h"

namespace pdarts {
namespace {

class DatasetBattery : public ::testing::TestWithParam<std::string> {
 protected:
  /// Loads the data with a new instance, or checks that the error says that the data do not exist.
  absl::StatusOr<DatasetSplits> Load() const {
    auto splits = MakeDefault<Dataset>(GetParam())->Load({::testing::TempDir()});
    if (!splits.ok()) {
      EXPECT_EQ(splits.status().code(), absl::StatusCode::kNotFound) << splits.status();
      EXPECT_THAT(splits.status().ToString(), ::testing::HasSubstr("--data_dir"));
    }
    return splits;
  }
  /// The first 200 images of a split, or all images if there are fewer.
  static std::vector<at::Tensor> ReadSome(const SampleSource& split) {
    std::vector<int64_t> indices;
    for (int64_t i = 0; i < std::min<int64_t>(split.size(), 200); ++i) indices.push_back(i);
    auto images = split.Read(indices);
    EXPECT_TRUE(images.ok()) << images.status();
    return *std::move(images);
  }
  const std::unique_ptr<Dataset> dataset_ = MakeDefault<Dataset>(GetParam());
};

TEST_P(DatasetBattery, InfoIsComplete) {
  const DatasetInfo& info = dataset_->info();
  EXPECT_GE(dataset_->num_classes(), 2);
  EXPECT_EQ(std::set<std::string>(info.class_names.begin(), info.class_names.end()).size(),
            info.class_names.size());
  EXPECT_EQ(static_cast<int>(info.mean.size()), info.image.channels);
  EXPECT_EQ(static_cast<int>(info.deviation.size()), info.image.channels);
  for (double deviation : info.deviation) EXPECT_GT(deviation, 0);
}

TEST_P(DatasetBattery, WhatIsReadIsWhatWasAnnounced) {
  const auto splits = Load();
  if (!splits.ok()) return;
  EXPECT_EQ(splits->info.class_names.size(), dataset_->info().class_names.size());
  EXPECT_EQ(splits->info.image.channels, dataset_->info().image.channels);
  EXPECT_EQ(splits->info.image.height, dataset_->info().image.height);
  EXPECT_EQ(splits->info.image.width, dataset_->info().image.width);
  for (double deviation : splits->info.deviation) EXPECT_GT(deviation, 0);
  EXPECT_GT(splits->test->size(), 0);
}

TEST_P(DatasetBattery, BothHalvesOfTheTrainingSplitHoldEveryClass) {
  const auto splits = Load();
  if (!splits.ok()) return;
  const at::Tensor& labels = splits->train->labels();
  const int64_t half = labels.size(0) / 2;
  for (const at::Tensor& part : {labels.slice(0, 0, half), labels.slice(0, half)}) {
    EXPECT_GT(part.bincount({}, dataset_->num_classes()).min().item<int64_t>(), 0);
  }
}

TEST_P(DatasetBattery, LoadsTheSameTwice) {
  const auto a = Load(), b = Load();
  if (!a.ok()) return;
  for (const auto& [one, other] : {std::pair(a->train, b->train), std::pair(a->test, b->test)}) {
    EXPECT_TRUE(one->labels().equal(other->labels()));
    const std::vector<at::Tensor> images = ReadSome(*one), again = ReadSome(*other);
    for (size_t i = 0; i < images.size(); ++i) EXPECT_TRUE(images[i].equal(again[i])) << i;
  }
  EXPECT_EQ(a->checksum, b->checksum);
  EXPECT_THAT(a->checksum, ::testing::MatchesRegex("sha256:[0-9a-f]{64}"));
  EXPECT_FALSE(a->source.empty());
}

TEST_P(DatasetBattery, LabelsAreClassesAndImagesHaveNames) {
  const auto splits = Load();
  if (!splits.ok()) return;
  for (const auto& split : {splits->train, splits->test}) {
    ASSERT_EQ(split->labels().scalar_type(), at::kLong);
    ASSERT_EQ(split->labels().sizes(), at::IntArrayRef({split->size()}));
    EXPECT_GE(split->labels().min().item<int64_t>(), 0);
    EXPECT_LT(split->labels().max().item<int64_t>(), dataset_->num_classes());
    std::set<std::string> names, identities;
    for (int64_t i = 0; i < split->size(); ++i) {
      names.insert(split->Name(i));
      identities.insert(split->Identity(i));
    }
    EXPECT_EQ(static_cast<int64_t>(names.size()), split->size());
    EXPECT_EQ(static_cast<int64_t>(identities.size()), split->size());
  }
}

TEST_P(DatasetBattery, ImagesInMemoryAreThoseThatAreRead) {
  const auto splits = Load();
  if (!splits.ok()) return;
  for (const auto& split : {splits->train, splits->test}) {
    const at::Tensor memory = split->InMemory();
    if (!memory.defined()) continue;
    const ImageShape& image = splits->info.image;
    ASSERT_EQ(memory.scalar_type(), at::kByte);
    ASSERT_TRUE(memory.is_contiguous());
    ASSERT_EQ(memory.sizes(),
              at::IntArrayRef({split->size(), image.channels, image.height, image.width}));
    const std::vector<at::Tensor> images = ReadSome(*split);
    for (size_t i = 0; i < images.size(); ++i) {
      EXPECT_TRUE(images[i].equal(memory[static_cast<int64_t>(i)])) << i;
    }
  }
}

// The sizes are known before anything is decoded, and a part that is decoded alone equals that part
// of the whole image.
TEST_P(DatasetBattery, APartOfAnImageIsDecodedAlone) {
  const auto splits = Load();
  if (!splits.ok()) return;
  const SampleSource& split = *splits->train;
  const std::vector<at::Tensor> images = ReadSome(split);
  for (size_t i = 0; i < std::min<size_t>(images.size(), 10); ++i) {
    const auto sample = split.Open(static_cast<int64_t>(i));
    ASSERT_TRUE(sample.ok()) << sample.status();
    const at::Tensor& whole = images[i];
    ASSERT_EQ(whole.scalar_type(), at::kByte);
    ASSERT_TRUE(whole.size(0) == splits->info.image.channels || whole.size(0) == 1);
    ASSERT_EQ((*sample)->height(), whole.size(1));
    ASSERT_EQ((*sample)->width(), whole.size(2));
    PixelRegion region;
    region.top = whole.size(1) / 4;
    region.left = whole.size(2) / 3;
    region.height = whole.size(1) / 2;
    region.width = whole.size(2) / 2;
    // The decoder may not shrink the image.
    const auto part = (*sample)->Decode(region, region.height, region.width);
    ASSERT_TRUE(part.ok()) << part.status();
    const at::Tensor expected =
        whole.narrow(1, region.top, region.height).narrow(2, region.left, region.width);
    ASSERT_EQ(part->sizes(), expected.sizes());
    // At the border of a region, a decoder may have fewer pixels from which it interpolates colors.
    const at::Tensor difference = part->to(at::kDouble).sub(expected.to(at::kDouble)).abs();
    EXPECT_LT(difference.mean().item<double>(), 2) << split.Name(static_cast<int64_t>(i));
    // A smaller image still has at least the requested number of pixels.
    const int64_t height = std::max<int64_t>(1, region.height / 3);
    const int64_t width = std::max<int64_t>(1, region.width / 3);
    const auto smaller = (*sample)->Decode(region, height, width);
    ASSERT_TRUE(smaller.ok()) << smaller.status();
    EXPECT_GE(smaller->size(1), height);
    EXPECT_GE(smaller->size(2), width);
    EXPECT_LE(smaller->size(1), region.height);
    EXPECT_LE(smaller->size(2), region.width);
  }
}

TEST_P(DatasetBattery, SeveralThreadsMayReadAtOnce) {
  const auto splits = Load();
  if (!splits.ok()) return;
  const SampleSource& split = *splits->test;
  const std::vector<at::Tensor> images = ReadSome(split);
  std::vector<std::thread> threads;
  std::atomic<int> different = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      const std::vector<at::Tensor> read = ReadSome(split);
      for (size_t i = 0; i < images.size(); ++i) different += read[i].equal(images[i]) ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(different, 0);
}

TEST_P(DatasetBattery, TheTestSplitAloneIsTheSame) {
  const auto splits = Load();
  if (!splits.ok()) return;
  LoadOptions options;
  options.data_dir = ::testing::TempDir();
  options.test_only = true;
  const auto alone = dataset_->Load(options);
  ASSERT_TRUE(alone.ok()) << alone.status();
  EXPECT_EQ(alone->train->size(), 0);
  Sha256 sum, sum_alone;
  splits->test->AddTo(&sum);
  alone->test->AddTo(&sum_alone);
  EXPECT_EQ(sum_alone.Hex(), sum.Hex());
}

TEST_P(DatasetBattery, MeanAndDeviationAreThoseOfTheImages) {
  const auto splits = Load();
  if (!splits.ok()) return;
  std::vector<at::Tensor> planes(static_cast<size_t>(splits->info.image.channels));
  for (const at::Tensor& image : ReadSome(*splits->train)) {
    for (size_t c = 0; c < planes.size(); ++c) {
      const at::Tensor plane =
          image[image.size(0) == 1 ? 0 : static_cast<int64_t>(c)].to(at::kDouble).flatten();
      planes[c] = planes[c].defined() ? at::cat({planes[c], plane}) : plane;
    }
  }
  for (size_t c = 0; c < planes.size(); ++c) {
    const at::Tensor channel = planes[c].div(255);
    EXPECT_NEAR(splits->info.mean[c], channel.mean().item<double>(), 0.1) << "channel " << c;
    const double standard_deviation = channel.std().item<double>();
    // A channel with only one value cannot be normalized with its own standard deviation.
    if (standard_deviation < 1e-6) continue;
    EXPECT_GT(splits->info.deviation[c], 0.5 * standard_deviation) << "channel " << c;
    EXPECT_LT(splits->info.deviation[c], 2 * standard_deviation) << "channel " << c;
  }
}

INSTANTIATE_TEST_SUITE_P(Registered, DatasetBattery, PluginsOf<Dataset>(), PluginTestName);

}  // namespace
}  // namespace pdarts
