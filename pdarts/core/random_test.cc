#include "pdarts/core/random.h"

#include "ATen/ops/empty.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

at::Tensor Draw(at::Generator generator) {
  return at::empty({8}, at::kDouble).uniform_(0, 1, std::move(generator));
}

TEST(MakeGenerator, RepeatsAndKeepsPurposesApart) {
  const at::Tensor numbers = Draw(MakeGenerator(1, "weights", 2));
  EXPECT_TRUE(numbers.equal(Draw(MakeGenerator(1, "weights", 2))));
  EXPECT_FALSE(numbers.equal(Draw(MakeGenerator(2, "weights", 2))));
  EXPECT_FALSE(numbers.equal(Draw(MakeGenerator(1, "alphas", 2))));
  EXPECT_FALSE(numbers.equal(Draw(MakeGenerator(1, "weights", 3))));
  EXPECT_FALSE(numbers.equal(Draw(MakeGenerator(1 + (uint64_t{1} << 32), "weights", 2))));
}

}  // namespace
}  // namespace pdarts
