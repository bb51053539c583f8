#include <cmath>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "ATen/ops/equal.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "google/protobuf/any.pb.h"
#include "gtest/gtest.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/registry.h"
#include "pdarts/datasets/synthetic/synthetic.pb.h"

namespace pdarts {
namespace {

using synthetic::SyntheticConfig;
using ::testing::Each;
using ::testing::HasSubstr;

absl::StatusOr<std::unique_ptr<Dataset>> Make(const SyntheticConfig& config) {
  google::protobuf::Any any;
  any.PackFrom(config);
  return Registry<Dataset>::Create(any);
}

DatasetSplits Load(const SyntheticConfig& config) {
  auto dataset = Make(config);
  EXPECT_TRUE(dataset.ok()) << dataset.status();
  auto splits = (*dataset)->Load({});
  EXPECT_TRUE(splits.ok()) << splits.status();
  return std::move(*splits);
}

std::vector<int> Counts(const at::Tensor& labels, int64_t begin, int64_t end, int classes) {
  std::vector<int> counts(classes);
  const int64_t* label = labels.const_data_ptr<int64_t>();
  for (int64_t i = begin; i < end; ++i) ++counts[label[i]];
  return counts;
}

std::string Bytes(const at::Tensor& image) {
  return std::string(reinterpret_cast<const char*>(image.const_data_ptr<uint8_t>()), image.numel());
}

/// The accuracy on the test split if the predicted class is the class with the nearest mean of its
/// training images.
double NearestClassMeanAccuracy(const DatasetSplits& splits, int classes) {
  const int64_t size = splits.train->InMemory()[0].numel();
  std::vector<std::vector<double>> means(classes, std::vector<double>(size));
  const int64_t* label = splits.train->labels().const_data_ptr<int64_t>();
  const uint8_t* image = splits.train->InMemory().const_data_ptr<uint8_t>();
  const int64_t half = splits.train->labels().numel() / 2;
  const std::vector<int> counts = Counts(splits.train->labels(), 0, half, classes);
  for (int64_t n = 0; n < half; ++n) {
    for (int64_t i = 0; i < size; ++i) {
      means[label[n]][i] += static_cast<double>(*image++) / counts[label[n]];
    }
  }
  label = splits.test->labels().const_data_ptr<int64_t>();
  image = splits.test->InMemory().const_data_ptr<uint8_t>();
  const int64_t tests = splits.test->labels().numel();
  int64_t right = 0;
  for (int64_t n = 0; n < tests; ++n, image += size) {
    int nearest = -1;
    double least = std::numeric_limits<double>::infinity();
    for (int c = 0; c < classes; ++c) {
      double distance = 0;
      for (int64_t i = 0; i < size; ++i) {
        distance += (image[i] - means[c][i]) * (image[i] - means[c][i]);
      }
      if (distance < least) {
        least = distance;
        nearest = c;
      }
    }
    right += nearest == label[n];
  }
  return static_cast<double>(right) / static_cast<double>(tests);
}

TEST(Synthetic, ClassesCanBeLearnedFromTheFirstHalf) {
  const double accuracy = NearestClassMeanAccuracy(Load({}), 10);
  RecordProperty("accuracy", std::to_string(accuracy));
  EXPECT_GT(accuracy, 0.4);   // random predictions give 0.1
  EXPECT_LT(accuracy, 0.95);  // a network can still do better
}

TEST(Synthetic, RepeatsWithItsSeedOnly) {
  SyntheticConfig config;
  config.set_train_images(100);
  config.set_test_images(50);
  const DatasetSplits one = Load(config);
  const DatasetSplits again = Load(config);
  EXPECT_TRUE(at::equal(one.train->InMemory(), again.train->InMemory()));
  EXPECT_TRUE(at::equal(one.train->labels(), again.train->labels()));
  EXPECT_TRUE(at::equal(one.test->InMemory(), again.test->InMemory()));
  EXPECT_EQ(one.checksum, again.checksum);
  // The checksum is the same on every machine.
  EXPECT_EQ(one.checksum,
            "sha256:a0bea6d1b5db69844b1c9b56785600b0525aef59ddf35b6e2e1415baefd2be0f");
  config.set_seed(2);
  const DatasetSplits other = Load(config);
  EXPECT_FALSE(at::equal(one.train->labels(), other.train->labels()));
  EXPECT_NE(one.checksum, other.checksum);
  // Another seed gives other images, not only another order. The test split is not a part of the
  // training split.
  std::set<std::string> images;
  for (const at::Tensor& part : {one.train->InMemory(), one.test->InMemory(),
                                 other.train->InMemory(), other.test->InMemory()}) {
    for (int64_t n = 0; n < part.size(0); ++n) images.insert(Bytes(part[n]));
  }
  EXPECT_EQ(images.size(), 300u);
}

TEST(Synthetic, HoldsEveryClassInBothHalves) {
  const DatasetSplits splits = Load({});
  EXPECT_THAT(Counts(splits.train->labels(), 0, 1000, 10), Each(100));
  EXPECT_THAT(Counts(splits.train->labels(), 1000, 2000, 10), Each(100));
  EXPECT_THAT(Counts(splits.test->labels(), 0, 1000, 10), Each(100));
  const int64_t* label = splits.train->labels().const_data_ptr<int64_t>();
  for (int i = 0; i + 10 <= 2000; ++i) {
    ASSERT_EQ(std::set<int64_t>(label + i, label + i + 10).size(), 10u) << "at " << i;
  }
  SyntheticConfig config;
  config.set_classes(7);
  config.set_train_images(14);
  config.set_test_images(9);
  const DatasetSplits small = Load(config);
  EXPECT_THAT(Counts(small.train->labels(), 0, 7, 7), Each(1));
  EXPECT_THAT(Counts(small.train->labels(), 7, 14, 7), Each(1));
  EXPECT_THAT(Counts(small.test->labels(), 0, 9, 7), Each(::testing::AnyOf(1, 2)));
}

TEST(Synthetic, HasTheShapeAndStatisticsThatItSays) {
  SyntheticConfig config;
  config.set_classes(4);
  config.set_height(16);
  config.set_width(24);
  config.set_channels(2);
  config.set_train_images(400);
  const auto dataset = Make(config);
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  const DatasetInfo& info = (*dataset)->info();
  EXPECT_EQ((*dataset)->num_classes(), 4);
  const DatasetSplits splits = Load(config);
  EXPECT_EQ(splits.train->InMemory().sizes(), at::IntArrayRef({400, 2, 16, 24}));
  EXPECT_EQ(splits.test->InMemory().sizes(), at::IntArrayRef({1000, 2, 16, 24}));
  for (int c = 0; c < 2; ++c) {
    double sum = 0;
    double squares = 0;
    const at::Tensor plane = splits.train->InMemory().select(1, c).contiguous();
    for (int64_t i = 0; i < plane.numel(); ++i) {
      const double value = plane.const_data_ptr<uint8_t>()[i] / 255.0;
      sum += value;
      squares += value * value;
    }
    const double mean = sum / static_cast<double>(plane.numel());
    EXPECT_NEAR(info.mean[c], mean, 0.02);
    const double standard_deviation =
        std::sqrt(squares / static_cast<double>(plane.numel()) - mean * mean);
    EXPECT_NEAR(info.deviation[c], standard_deviation, 0.1 * standard_deviation);
  }
}

TEST(Synthetic, RefusesWhatItCannotMake) {
  SyntheticConfig config;
  config.set_train_images(19);
  absl::Status status = Make(config).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("dataset.train_images: is 19"));
  config.set_train_images(20);
  EXPECT_TRUE(Make(config).ok());
  config.set_test_images(9);
  EXPECT_THAT(std::string(Make(config).status().message()), HasSubstr("dataset.test_images: is 9"));
  config.set_test_images(10);
  EXPECT_TRUE(Make(config).ok());
  config.set_train_images(1000000);
  config.set_height(256);
  config.set_width(256);
  EXPECT_EQ(Make(config).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace pdarts
