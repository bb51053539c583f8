#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "google/protobuf/any.pb.h"
#include "gtest/gtest.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/registry.h"
#include "pdarts/datasets/cifar/labels.h"
#include "pdarts/datasets/cifar10_sample/cifar10_sample.pb.h"

namespace pdarts {
namespace {

using ::testing::Each;

std::unique_ptr<Dataset> MakeSample() {
  google::protobuf::Any any;
  any.PackFrom(cifar10_sample::Cifar10SampleConfig());
  auto dataset = Registry<Dataset>::Create(any);
  EXPECT_TRUE(dataset.ok()) << dataset.status();
  return std::move(*dataset);
}

std::vector<int> Counts(const at::Tensor& labels, int64_t begin, int64_t end) {
  std::vector<int> counts(10);
  const auto values = labels.accessor<int64_t, 1>();
  for (int64_t i = begin; i < end; ++i) ++counts[values[i]];
  return counts;
}

TEST(Cifar10Sample, HoldsThePromisedImagesOfEachClass) {
  const auto splits = MakeSample()->Load({});
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_THAT(Counts(splits->train->labels(), 0, 1000), Each(100));
  EXPECT_THAT(Counts(splits->test->labels(), 0, 200), Each(20));
  // The classes are mixed, so that each half of the unchanged order has images of every class.
  EXPECT_THAT(Counts(splits->train->labels(), 0, 500),
              Each(::testing::AllOf(::testing::Ge(30), ::testing::Le(70))));
  // The result of sha256sum for train.bin followed by test.bin.
  EXPECT_EQ(splits->checksum,
            "sha256:32858dabc400b20f7649d515b86e88195c460ee33913e738f01caf7c0f64cc63");
}

// The images are real: the statistics of their channels are close to those of the complete dataset.
TEST(Cifar10Sample, LooksLikeCifar10) {
  const std::unique_ptr<Dataset> dataset = MakeSample();
  const auto splits = dataset->Load({});
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_EQ(dataset->info().class_names, cifar::Cifar10Info().class_names);
  EXPECT_EQ(dataset->info().mean, cifar::Cifar10Info().mean);
  EXPECT_EQ(dataset->info().deviation, cifar::Cifar10Info().deviation);
  const at::Tensor train = splits->train->InMemory();
  const auto images = train.accessor<uint8_t, 4>();
  for (int c = 0; c < 3; ++c) {
    double sum = 0;
    for (int n = 0; n < 1000; ++n) {
      for (int i = 0; i < 1024; ++i) sum += images[n][c][i / 32][i % 32] / 255.0;
    }
    EXPECT_NEAR(sum / 1000 / 1024, dataset->info().mean[c], 0.02) << "channel " << c;
  }
}

TEST(Cifar10Sample, IsFoundFromAnyFolder) {
  ASSERT_EQ(chdir("/"), 0);
  EXPECT_TRUE(MakeSample()->Load({}).ok());
}

// This happens if another Bazel program, which does not have these files, starts this one.
TEST(Cifar10Sample, IsFoundBesideTheProgramInAForeignEnvironment) {
  for (const char* name : {"RUNFILES_MANIFEST_FILE", "TEST_SRCDIR"}) unsetenv(name);
  setenv("RUNFILES_DIR", ::testing::TempDir().c_str(), 1);
  auto splits = MakeSample()->Load({});
  EXPECT_TRUE(splits.ok()) << splits.status();
  unsetenv("RUNFILES_DIR");
  splits = MakeSample()->Load({});
  EXPECT_TRUE(splits.ok()) << splits.status();
}

}  // namespace
}  // namespace pdarts
