#include "pdarts/datasets/ordering.h"

#include <set>

#include "ATen/ops/arange.h"
#include "gtest/gtest.h"
#include "pdarts/core/random.h"

namespace pdarts {
namespace {

TEST(AlternateClasses, EveryRoundHoldsEveryClass) {
  const at::Tensor labels = at::arange(40, at::kLong).div(10, "floor");  // sorted: 4 classes of 10
  const at::Tensor order = AlternateClasses(labels, MakeGenerator(1, "order"));
  std::set<int64_t> images;
  for (int64_t round = 0; round < 10; ++round) {
    std::set<int64_t> classes;
    for (int64_t i = 4 * round; i < 4 * round + 4; ++i) {
      const int64_t image = order[i].item<int64_t>();
      images.insert(image);
      classes.insert(labels[image].item<int64_t>());
    }
    EXPECT_EQ(classes.size(), 4u) << "round " << round;
  }
  EXPECT_EQ(images.size(), 40u) << "a permutation";
}

TEST(AlternateClasses, UnequalClassesComeLast) {
  const at::Tensor labels = at::arange(5, at::kLong).ge(1).to(at::kLong);  // 0 1 1 1 1
  const at::Tensor order = AlternateClasses(labels, MakeGenerator(1, "order"));
  EXPECT_EQ(labels.index_select(0, order).slice(0, 0, 2).sum().item<int64_t>(), 1);
}

TEST(AlternateClasses, RepeatsWithItsSeed) {
  const at::Tensor labels = at::arange(40, at::kLong).remainder(4);
  const auto order = [&](uint64_t seed) {
    return AlternateClasses(labels, MakeGenerator(seed, "order"));
  };
  EXPECT_TRUE(order(1).equal(order(1)));
  EXPECT_FALSE(order(1).equal(order(2)));
}

}  // namespace
}  // namespace pdarts
