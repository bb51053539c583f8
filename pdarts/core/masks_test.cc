#include "pdarts/core/masks.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/empty.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using Words = std::array<uint32_t, 4>;

at::Tensor Normal(const Masks& masks, int64_t image, int64_t first, int64_t count) {
  const at::Tensor values = at::empty({count}, at::kFloat);
  masks.Normal(image, first, count, values.mutable_data_ptr<float>());
  return values;
}

double Mean(const at::Tensor& values) { return values.to(at::kDouble).mean().item<double>(); }

TEST(Philox, GivesThePublishedAnswers) {
  // Test vectors of Random123, the code of the authors: kat_vectors, "philox4x32 10".
  EXPECT_EQ(Philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(DropThreshold, KeepsAllOrNothingAtTheEnds) {
  EXPECT_EQ(DropThreshold(0), 0u);
  EXPECT_EQ(DropThreshold(0.25), uint32_t{1} << 30);
  EXPECT_EQ(DropThreshold(1), std::nullopt);
  EXPECT_DEATH(DropThreshold(1.5), "1.5");
}

TEST(Masks, DependOnEveryPartOfTheirKey) {
  const MaskKey key = {1, 2, 3, MaskStream::kWeights};
  std::vector<MaskKey> keys(9, key);
  keys[1].seed = 2;
  keys[2].seed += uint64_t{1} << 32;
  keys[3].stage = 1;
  keys[4].epoch = 2;
  keys[5] = {1, 3, 2, MaskStream::kWeights};
  keys[6].stream = MaskStream::kAlphas;
  keys[7].stream = MaskStream::kUnrolledWeights;
  keys[8].stream = MaskStream::kEvaluation;
  std::set<Words> bits;
  for (const MaskKey& one : keys) bits.insert(Masks(one, 0).Bits(0));
  bits.insert(Masks(key, 0).Bits(1));
  bits.insert(Masks(key, 0).Bits(0, 1));
  EXPECT_EQ(bits.size(), keys.size() + 2);
  EXPECT_EQ(Masks(key, 0).Bits(0), Masks(key, 0).Bits(0));
}

TEST(Masks, EveryPlaceHasItsOwn) {
  const Masks masks;
  std::set<Words> bits = {masks.Bits(0)};
  for (int64_t i = 0; i < 30; ++i) {
    bits.insert(masks.At(i).Bits(0));
    for (int64_t j = 0; j < 30; ++j) bits.insert(masks.At(i).At(j).Bits(0));
  }
  EXPECT_EQ(bits.size(), 1u + 30 + 30 * 30);
  // A place is the same in every pass.
  const Masks other({1, 0, 0, MaskStream::kAlphas}, 7);
  EXPECT_NE(other.At(3).Bits(0), masks.At(3).Bits(0));
  EXPECT_EQ(other.At(3).Bits(0), Masks({1, 0, 0, MaskStream::kAlphas}, 5).At(3).Bits(2));
}

TEST(Masks, AnImageHasTheSameInEveryBatch) {
  const MaskKey key = {1, 0, 0, MaskStream::kWeights};
  const Masks whole = Masks(key, 0).At(4), second_half = Masks(key, 8).At(4);
  EXPECT_TRUE(whole.ImageMask(16, 0.5).slice(0, 8).equal(second_half.ImageMask(8, 0.5)));
  EXPECT_TRUE(Normal(whole, 10, 0, 30).equal(Normal(second_half, 2, 0, 30)));
}

TEST(Masks, OnADeviceKeepTheirPlaceAndTheirNumbers) {
  const MaskKey key = {1, 0, 3, MaskStream::kWeights};
  const Masks masks(key, 7);
  EXPECT_FALSE(masks.device_counter().defined());
  const std::array<int64_t, 3> counter = masks.Counter();
  EXPECT_EQ(counter[2], 7);
  EXPECT_EQ(masks.At(2).Counter(), counter) << "a place changed the part that all places share";
  EXPECT_NE(Masks({1, 0, 4, MaskStream::kWeights}, 7).Counter(), counter);
  EXPECT_NE(masks.At(2).Place(), masks.At(3).Place());

  const at::Tensor on_device = at::empty({3}, at::kLong);
  const Masks other = masks.OnDevice(on_device).At(2);
  EXPECT_TRUE(other.device_counter().is_same(on_device));
  EXPECT_EQ(other.Place(), masks.At(2).Place());
  EXPECT_EQ(other.Bits(4), masks.At(2).Bits(4));
  EXPECT_DEATH(masks.OnDevice(at::empty({3}, at::kFloat)), "kLong");
}

TEST(Masks, DropThatManyImagesIndependently) {
  constexpr int64_t kImages = 20000;
  for (const double p : {0.1, 0.5, 0.9}) {
    // Five standard deviations.
    const double bound = 5 * std::sqrt(p * (1 - p) / kImages);
    const Masks masks({7}, 0);
    const at::Tensor mask = masks.At(0).ImageMask(kImages, p);
    EXPECT_TRUE(mask.eq(0).logical_or(mask.eq(1)).all().item<bool>());
    EXPECT_NEAR(Mean(mask), 1 - p, bound);
    const at::Tensor centered = mask - (1 - p);
    for (const at::Tensor& other :
         {masks.At(1).ImageMask(kImages, p), Masks({8}, 0).At(0).ImageMask(kImages, p),
          Masks({7, 0, 1}, 0).At(0).ImageMask(kImages, p), mask.roll(1, 0)}) {
      EXPECT_NEAR(Mean(centered * (other - (1 - p))), 0, 5 * p * (1 - p) / std::sqrt(kImages));
    }
  }
  EXPECT_EQ(Mean(Masks().ImageMask(100, 0)), 1);
  EXPECT_EQ(Mean(Masks().ImageMask(100, 1)), 0);
}

TEST(Masks, DrawNormalNumbers) {
  constexpr int64_t kCount = 40001;
  const Masks masks({3}, 0);
  const at::Tensor values = Normal(masks, 0, 0, kCount);
  const double standard_deviation = 1 / std::sqrt(kCount);
  // The first four moments of the normal distribution are 0, 1, 0, 3; the bounds are five standard
  // deviations of their estimates.
  EXPECT_NEAR(Mean(values), 0, 5 * standard_deviation);
  EXPECT_NEAR(Mean(values.pow(2)), 1, 5 * std::sqrt(2.0) * standard_deviation);
  EXPECT_NEAR(Mean(values.pow(3)), 0, 5 * std::sqrt(15.0) * standard_deviation);
  EXPECT_NEAR(Mean(values.pow(4)), 3, 5 * std::sqrt(96.0) * standard_deviation);
  for (const at::Tensor& other : {values.roll(1, 0), values.roll(2, 0), Normal(masks, 1, 0, kCount),
                                  Normal(masks.At(1), 0, 0, kCount)}) {
    EXPECT_NEAR(Mean(values * other), 0, 5 * standard_deviation);
  }
  // Any part of the sequence can be drawn separately.
  EXPECT_TRUE(values.slice(0, 1000, 1007).equal(Normal(masks, 0, 1000, 7)));
}

}  // namespace
}  // namespace pdarts
