// What every dataset must do, run over all that are registered. The data folder is the test's
// temporary one; those whose data isn't there are tested as far as they go without it.

#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/dataset.h"
#include "tests/batteries/plugins_of.h"

namespace pdarts {
namespace {

class DatasetBattery : public ::testing::TestWithParam<std::string> {
 protected:
  /// Loads with a new instance, or finds that the data isn't there and says so.
  absl::StatusOr<DatasetSplits> Load() const {
    auto splits = MakeDefault<Dataset>(GetParam())->Load({::testing::TempDir()});
    if (!splits.ok()) {
      EXPECT_EQ(splits.status().code(), absl::StatusCode::kNotFound) << splits.status();
      EXPECT_THAT(splits.status().ToString(), ::testing::HasSubstr("--data_dir"));
    }
    return splits;
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
  EXPECT_EQ(splits->info.image.height, dataset_->info().image.height);
  EXPECT_EQ(splits->train.images.size(2), dataset_->info().image.height);
  for (double deviation : splits->info.deviation) EXPECT_GT(deviation, 0);
  EXPECT_GT(splits->test.labels.size(0), 0);
}

TEST_P(DatasetBattery, BothHalvesOfTheTrainingSplitHoldEveryClass) {
  const auto splits = Load();
  if (!splits.ok()) return;
  const at::Tensor& labels = splits->train.labels;
  const int64_t half = labels.size(0) / 2;
  for (const at::Tensor& part : {labels.slice(0, 0, half), labels.slice(0, half)}) {
    EXPECT_GT(part.bincount({}, dataset_->num_classes()).min().item<int64_t>(), 0);
  }
}

TEST_P(DatasetBattery, LoadsTheSameTwice) {
  const auto a = Load(), b = Load();
  if (!a.ok()) return;
  EXPECT_TRUE(a->train.images.equal(b->train.images));
  EXPECT_TRUE(a->test.labels.equal(b->test.labels));
  EXPECT_EQ(a->checksum, b->checksum);
  EXPECT_THAT(a->checksum, ::testing::MatchesRegex("sha256:[0-9a-f]{64}"));
  EXPECT_FALSE(a->source.empty());
}

TEST_P(DatasetBattery, MeanAndDeviationAreThoseOfTheImages) {
  const auto splits = Load();
  if (!splits.ok()) return;
  const at::Tensor values = splits->train.images.to(at::kDouble).div(255);
  for (int c = 0; c < splits->info.image.channels; ++c) {
    const at::Tensor channel = values.select(1, c);
    EXPECT_NEAR(splits->info.mean[c], channel.mean().item<double>(), 0.1) << "channel " << c;
    const double deviation = channel.std().item<double>();
    if (deviation < 1e-6) continue;  // a channel of one value can't be normalised by its own
    EXPECT_GT(splits->info.deviation[c], 0.5 * deviation) << "channel " << c;
    EXPECT_LT(splits->info.deviation[c], 2 * deviation) << "channel " << c;
  }
}

INSTANTIATE_TEST_SUITE_P(Registered, DatasetBattery, PluginsOf<Dataset>(), PluginTestName);

}  // namespace
}  // namespace pdarts
