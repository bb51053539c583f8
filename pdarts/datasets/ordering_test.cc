#include "pdarts/datasets/ordering.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "ATen/ops/tensor.h"
#include "gtest/gtest.h"
#include "pdarts/core/random.h"

namespace pdarts {
namespace {

using Numbers = std::vector<int64_t>;

/// Labels sorted by class: sizes[0] times 0, sizes[1] times 1, and so on.
Numbers Sorted(const std::vector<int>& sizes) {
  Numbers labels;
  for (const int size : sizes) {
    labels.insert(labels.end(), size, labels.empty() ? 0 : labels.back() + 1);
  }
  return labels;
}

Numbers Order(const Numbers& labels, uint64_t seed) {
  const at::Tensor order =
      AlternateClasses(at::tensor(labels, at::kLong), MakeGenerator(seed, "order"));
  EXPECT_EQ(order.scalar_type(), at::kLong);
  return Numbers(order.const_data_ptr<int64_t>(), order.const_data_ptr<int64_t>() + order.numel());
}

Numbers InOrder(const Numbers& labels, const Numbers& order) {
  Numbers ordered;
  for (int64_t i : order) ordered.push_back(labels[i]);
  return ordered;
}

bool IsPermutation(Numbers order) {
  std::sort(order.begin(), order.end());
  for (size_t i = 0; i < order.size(); ++i) {
    if (order[i] != static_cast<int64_t>(i)) return false;
  }
  return true;
}

TEST(AlternateClasses, EveryWindowHoldsAllClasses) {
  // Equal sizes, and sizes that differ by one.
  for (const std::vector<int>& sizes :
       std::vector<std::vector<int>>{{7, 7, 7, 7, 7}, {3, 2, 3, 2, 2, 3}, {1, 1, 1}, {2, 1}, {9}}) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const Numbers labels = Sorted(sizes);
      const Numbers order = Order(labels, seed);
      ASSERT_EQ(order.size(), labels.size());
      ASSERT_TRUE(IsPermutation(order));
      const Numbers ordered = InOrder(labels, order);
      const auto classes = static_cast<int64_t>(sizes.size());
      for (auto i = ordered.begin(); ordered.end() - i >= classes; ++i) {
        const std::set<int64_t> window(i, i + classes);
        ASSERT_EQ(window.size(), sizes.size()) << "at " << i - ordered.begin() << ", seed " << seed;
      }
    }
  }
}

TEST(AlternateClasses, BothHalvesHoldEveryClassHoweverUnequal) {
  std::mt19937 random(1);
  for (int trial = 0; trial < 2000; ++trial) {
    std::vector<int> sizes(1 + random() % 12);
    for (int& size : sizes) size = 2 + static_cast<int>(random() % (trial % 2 == 0 ? 4 : 200));
    const Numbers labels = Sorted(sizes);
    const Numbers order = Order(labels, trial);
    ASSERT_TRUE(IsPermutation(order));
    const Numbers ordered = InOrder(labels, order);
    const auto middle = ordered.begin() + static_cast<int64_t>(ordered.size()) / 2;
    ASSERT_EQ(std::set<int64_t>(ordered.begin(), middle).size(), sizes.size()) << trial;
    ASSERT_EQ(std::set<int64_t>(middle, ordered.end()).size(), sizes.size()) << trial;
  }
}

TEST(AlternateClasses, SmallClassesAreSpreadOut) {
  const Numbers labels = Sorted({100, 10});
  const Numbers ordered = InOrder(labels, Order(labels, 1));
  for (size_t i = 0; i + 11 <= ordered.size(); i += 11) {
    EXPECT_EQ(std::count(ordered.begin() + i, ordered.begin() + i + 11, 1), 1) << "at " << i;
  }
}

TEST(AlternateClasses, ImagesAndClassesComeInRandomOrder) {
  const Numbers labels = Sorted({50, 50, 50});
  EXPECT_EQ(Order(labels, 1), Order(labels, 1));
  EXPECT_NE(Order(labels, 1), Order(labels, 2));
  std::set<int64_t> first_classes;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    std::map<int64_t, Numbers> of_class;
    const Numbers order = Order(labels, seed);
    for (int64_t i : order) of_class[labels[i]].push_back(i);
    for (const auto& [label, images] : of_class) {
      EXPECT_FALSE(std::is_sorted(images.begin(), images.end())) << label;
    }
    first_classes.insert(labels[order[0]]);
  }
  EXPECT_EQ(first_classes.size(), 3u);
}

TEST(AlternateClasses, AnyLabels) {
  EXPECT_EQ(Order({}, 1), Numbers());
  EXPECT_EQ(Order({-5}, 1), Numbers({0}));
  const Numbers labels = {1000000007, -3, 1000000007, -3};
  const Numbers ordered = InOrder(labels, Order(labels, 1));
  EXPECT_NE(ordered[0], ordered[1]);
  EXPECT_EQ(ordered[0], ordered[2]);
}

}  // namespace
}  // namespace pdarts
