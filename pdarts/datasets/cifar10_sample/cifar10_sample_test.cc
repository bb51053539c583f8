#include "gtest/gtest.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/registry.h"
#include "pdarts/datasets/cifar10_sample/cifar10_sample.pb.h"

namespace pdarts {
namespace {

TEST(Cifar10Sample, HoldsWhatItPromises) {
  google::protobuf::Any any;
  any.PackFrom(cifar10_sample::Cifar10SampleConfig());
  const auto splits = Registry<Dataset>::Create(any).value()->Load({});
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_TRUE(splits->train.labels.bincount({}, 10).eq(100).all().item<bool>());
  EXPECT_TRUE(splits->test.labels.bincount({}, 10).eq(20).all().item<bool>());
  // sha256sum of train.bin and test.bin, one after the other.
  EXPECT_EQ(splits->checksum,
            "sha256:"
            "32858dabc400b20f7649d515b86e88195c460ee33913e738f01caf7c0f64cc63");
  // Classes come mixed, so that both halves of the training images hold every class.
  for (int64_t begin : {0, 500}) {
    const at::Tensor half = splits->train.labels.slice(0, begin, begin + 500);
    EXPECT_GE(half.bincount({}, 10).min().item<int64_t>(), 35);
  }
}

}  // namespace
}  // namespace pdarts
