#include "pdarts/core/random_stream.h"

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace pdarts {
namespace {

TEST(RandomStream, RepeatsAndDependsOnEveryPartOfItsPurpose) {
  const auto bits = [](RandomStream stream) {
    return uint64_t{stream.Bits()} << 32 | stream.Bits();
  };
  const RandomStream stream(1, 2, 3, "train");
  EXPECT_EQ(bits(stream.For(4, 5)), bits(RandomStream(1, 2, 3, "train").For(4, 5)));
  const uint64_t high = uint64_t{1} << 32;
  const std::vector<RandomStream> streams = {
      stream.For(4, 5),
      stream.For(5, 5),
      stream.For(4, 6),
      stream.For(static_cast<int64_t>(4 + high), 5),
      RandomStream(2, 2, 3, "train").For(4, 5),
      RandomStream(1 + high, 2, 3, "train").For(4, 5),
      RandomStream(1, 3, 3, "train").For(4, 5),
      RandomStream(1, 2, 4, "train").For(4, 5),
      RandomStream(1, 3, 2, "train").For(4, 5),
      RandomStream(1, 2, 3, "trai").For(4, 5),
      RandomStream(1, 2, 3, "traim").For(4, 5),
      RandomStream(1, 2, 3, "").For(4, 5),
  };
  std::set<uint64_t> different;
  for (const RandomStream& one : streams) different.insert(bits(one));
  EXPECT_EQ(different.size(), streams.size());
}

TEST(RandomStream, ForBeginsTheSequenceOfASampleAgain) {
  RandomStream stream = RandomStream(1, 0, 0, "train").For(7, 1);
  std::vector<uint32_t> first;
  for (int i = 0; i < 9; ++i) first.push_back(stream.Bits());
  stream = stream.For(7, 1);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(stream.Bits(), first[i]) << i;
  EXPECT_EQ(std::set<uint32_t>(first.begin(), first.end()).size(), first.size());
}

TEST(RandomStream, IsUniform) {
  const RandomStream stream(1, 0, 0, "uniform");
  constexpr int kDraws = 20000;
  double sum = 0, squares = 0;
  std::array<int, 3> counts = {};
  for (int i = 0; i < kDraws; ++i) {
    RandomStream one = stream.For(i, 0);
    const double value = one.Uniform();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    sum += value;
    squares += value * value;
    ++counts.at(static_cast<size_t>(one.Below(3)));
    const double scaled = one.Uniform(-2, 4);
    ASSERT_GE(scaled, -2);
    ASSERT_LT(scaled, 4);
    ASSERT_EQ(one.Below(1), 0);
  }
  // Four standard deviations.
  EXPECT_NEAR(sum / kDraws, 0.5, 4 * 0.289 / 141);
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 4 * 0.299 / 141);
  for (const int count : counts) EXPECT_NEAR(count, kDraws / 3.0, 4 * 67);
}

}  // namespace
}  // namespace pdarts
