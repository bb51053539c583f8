// Tests of the contract of transforms, run on all registered transforms.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ATen/ops/empty.h"
#include "ATen/ops/isfinite.h"
#include "ATen/ops/randint.h"
#include "ATen/ops/zeros.h"
#include "gtest/gtest.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/random.h"
#include "pdarts/core/random_stream.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/transform.h"
#include "pdarts/datasets/transforms/plan_runner.h"
#include "pdarts/datasets/transforms/transforms.h"
#include "tests/batteries/plugins_of.h"

namespace pdarts {
namespace {

constexpr int64_t kSamples = 20;

DatasetInfo Info() {
  DatasetInfo info;
  info.image = {3, 20, 24};
  info.class_names = {"a", "b"};
  info.mean.assign(3, 0.5);
  info.deviation.assign(3, 0.25);
  return info;
}

class TransformBattery : public ::testing::TestWithParam<std::string> {
 protected:
  /// A list of the transform. If the transform does not normalize, the list also has one that
  /// normalizes.
  Transforms List() const {
    google::protobuf::RepeatedPtrField<google::protobuf::Any> list;
    const PluginRegistry& registry = PluginRegistry::Global();
    *list.Add() = registry.DefaultConfig(Transform::kKind, GetParam()).value();
    if (!MakeDefault<Transform>(GetParam())->normalizes()) {
      *list.Add() = registry.DefaultConfig(Transform::kKind, "normalize").value();
    }
    auto transforms = Transforms::Create("transforms", list, info_);
    EXPECT_TRUE(transforms.ok()) << transforms.status();
    return *std::move(transforms);
  }

  /// Transforms an image in memory, as one of the samples.
  at::Tensor Transformed(const Transforms& transforms, const at::Tensor& image,
                         int64_t sample) const {
    ImagePlan plan = Plan(transforms, image, sample);
    at::Tensor out = Empty();
    const absl::Status status = PlanRunner::Make(info_.image, at::kFloat)
                                    ->Run(plan, image.size(1), image.size(2),
                                          image.const_data_ptr<uint8_t>(), out.mutable_data_ptr());
    EXPECT_TRUE(status.ok()) << status;
    return out;
  }

  ImagePlan Plan(const Transforms& transforms, const at::Tensor& image, int64_t sample) const {
    ImagePlan plan;
    const absl::Status status = transforms.Plan(info_, image.size(1), image.size(2),
                                                RandomStream(1, 0, 0, "battery"), sample, &plan);
    EXPECT_TRUE(status.ok()) << status;
    return plan;
  }

  at::Tensor Empty() const {
    return at::empty({info_.image.channels, info_.image.height, info_.image.width}, at::kFloat);
  }

  static at::Tensor Image(int64_t height, int64_t width) {
    return at::randint(0, 256, {3, height, width}, MakeGenerator(1, "battery"),
                       at::TensorOptions(at::kByte));
  }

  const DatasetInfo info_ = Info();
};

TEST_P(TransformBattery, TakesImagesOfAnySize) {
  const Transforms transforms = List();
  for (const auto& [height, width] :
       {std::pair(20, 24), std::pair(1, 1), std::pair(3, 200), std::pair(200, 3)}) {
    for (int64_t i = 0; i < kSamples; ++i) {
      const at::Tensor result = Transformed(transforms, Image(height, width), i);
      EXPECT_TRUE(at::isfinite(result).all().item<bool>()) << height << "x" << width;
    }
  }
}

TEST_P(TransformBattery, WhatItDoesDependsOnTheSampleAlone) {
  const at::Tensor image = Image(40, 30);
  const Transforms transforms = List();
  std::vector<at::Tensor> results;
  for (int64_t i = 0; i < kSamples; ++i) results.push_back(Transformed(transforms, image, i));
  const Transforms again = List();
  for (int64_t i = kSamples - 1; i >= 0; --i) {
    EXPECT_TRUE(Transformed(again, image, i).equal(results[static_cast<size_t>(i)])) << i;
  }
}

TEST_P(TransformBattery, SeveralThreadsMayUseItAtOnce) {
  const at::Tensor image = Image(40, 30);
  const Transforms transforms = List();
  std::vector<at::Tensor> results;
  for (int64_t i = 0; i < kSamples; ++i) results.push_back(Transformed(transforms, image, i));
  std::vector<std::thread> threads;
  std::atomic<int> different = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int64_t i = 0; i < kSamples; ++i) {
        const at::Tensor result = Transformed(transforms, image, i);
        different += result.equal(results[static_cast<size_t>(i)]) ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(different, 0);
}

TEST_P(TransformBattery, ImagesInMemoryAndDecodedOnesBecomeTheSame) {
  const Transforms transforms = List();
  const at::Tensor images = Image(40, 30).unsqueeze(0);
  const auto source = MakeMemorySource(images, at::zeros({1}, at::kLong), "battery");
  const auto runner = PlanRunner::Make(info_.image, at::kFloat);
  for (int64_t i = 0; i < kSamples; ++i) {
    const auto sample = source->Open(0);
    ASSERT_TRUE(sample.ok()) << sample.status();
    at::Tensor out = Empty();
    const absl::Status status =
        runner->Run(Plan(transforms, images[0], i), **sample, out.mutable_data_ptr());
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_TRUE(out.equal(Transformed(transforms, images[0], i))) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Registered, TransformBattery, PluginsOf<Transform>(), PluginTestName);

}  // namespace
}  // namespace pdarts
