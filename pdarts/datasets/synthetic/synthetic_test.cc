#include "gtest/gtest.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/registry.h"
#include "pdarts/datasets/synthetic/synthetic.pb.h"

namespace pdarts {
namespace {

DatasetSplits Load(int64_t seed) {
  synthetic::SyntheticConfig config;
  config.set_seed(seed);
  config.set_train_images(400);
  google::protobuf::Any any;
  any.PackFrom(config);
  return Registry<Dataset>::Create(any).value()->Load({}).value();
}

TEST(Synthetic, BothHalvesHoldEveryClassEquallyOften) {
  const at::Tensor labels = Load(1).train.labels;
  for (int64_t begin : {0, 200}) {
    const at::Tensor counts = labels.slice(0, begin, begin + 200).bincount({}, 10);
    EXPECT_TRUE(counts.eq(20).all().item<bool>()) << counts;
  }
}

TEST(Synthetic, ClassesCanBeLearnt) {
  const DatasetSplits data = Load(1);
  const at::Tensor train = data.train.images.to(at::kFloat).flatten(1);
  const at::Tensor test = data.test.images.to(at::kFloat).flatten(1);
  at::Tensor distances = test.new_empty({test.size(0), 10});
  for (int64_t c = 0; c < 10; ++c) {
    const at::Tensor mean =
        train.index_select(0, data.train.labels.eq(c).nonzero().squeeze(1)).mean(0);
    distances.select(1, c).copy_(test.sub(mean).square().sum(1));
  }
  const double accuracy =
      distances.argmin(1).eq(data.test.labels).to(at::kDouble).mean().item<double>();
  EXPECT_GT(accuracy, 0.9);
}

TEST(Synthetic, RepeatsWithItsSeed) {
  EXPECT_EQ(Load(1).checksum, Load(1).checksum);
  EXPECT_NE(Load(1).checksum, Load(2).checksum);
}

}  // namespace
}  // namespace pdarts
