#include "pdarts/core/masks.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ATen/ops/empty.h"
#include "glog/logging.h"

namespace pdarts {
namespace {

constexpr int kRounds = 10;
constexpr double kRange = 4294967296.0;  // 2^32

uint32_t Low(uint64_t word) { return static_cast<uint32_t>(word); }
uint32_t High(uint64_t word) { return static_cast<uint32_t>(word >> 32); }
uint64_t Join(uint32_t low, uint32_t high) { return static_cast<uint64_t>(high) << 32 | low; }

}  // namespace

std::array<uint32_t, 4> Philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t first = uint64_t{0xD2511F53} * counter[0];
    const uint64_t second = uint64_t{0xCD9E8D57} * counter[2];
    counter = {High(second) ^ counter[1] ^ key[0], Low(second), High(first) ^ counter[3] ^ key[1],
               Low(first)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

std::optional<uint32_t> DropThreshold(double probability) {
  CHECK(probability >= 0 && probability <= 1) << probability;
  const double dropped = std::nearbyint(probability * kRange);
  if (dropped >= kRange) return std::nullopt;
  return static_cast<uint32_t>(dropped);
}

Masks::Masks(const MaskKey& key, int64_t first_image) : first_image_(first_image) {
  const std::array<uint32_t, 4> bits =
      Philox({static_cast<uint32_t>(key.stage), static_cast<uint32_t>(key.epoch),
              static_cast<uint32_t>(key.stream), 0},
             {Low(key.seed), High(key.seed)});
  key_ = {bits[0], bits[1]};
}

Masks Masks::At(int64_t part) const {
  // The key is that of no pass: the place of a part is the same in all of them.
  const auto number = static_cast<uint64_t>(part);
  const std::array<uint32_t, 4> bits =
      Philox({Low(place_), High(place_), Low(number), High(number)}, {0, 0});
  Masks masks = *this;
  masks.place_ = Join(bits[0], bits[1]);
  return masks;
}

std::array<uint32_t, 4> Masks::Bits(int64_t image, uint32_t block) const {
  return Philox({block, static_cast<uint32_t>(first_image_ + image), Low(place_), High(place_)},
                key_);
}

at::Tensor Masks::ImageMask(int64_t images, double probability) const {
  const at::Tensor mask = at::empty({images}, at::kFloat);
  const std::optional<uint32_t> threshold = DropThreshold(probability);
  auto* const out = mask.mutable_data_ptr<float>();
  for (int64_t i = 0; i < images; ++i) out[i] = threshold && Bits(i)[0] >= *threshold ? 1 : 0;
  return mask;
}

void Masks::Normal(int64_t image, int64_t first, int64_t count, float* out) const {
  CHECK_EQ(first % 4, 0);
  constexpr float kTwoPi = 6.283185307F;
  for (int64_t i = 0; i < count; i += 4) {
    const std::array<uint32_t, 4> bits = Bits(image, static_cast<uint32_t>((first + i) / 4));
    // Box and Muller: two normal numbers from two uniform ones, the first of which is not 0.
    std::array<float, 4> normal;
    for (int pair = 0; pair < 4; pair += 2) {
      const float uniform = static_cast<float>((bits[pair] >> 8) + 1) * 0x1p-24F;
      const float angle = kTwoPi * (static_cast<float>(bits[pair + 1] >> 8) * 0x1p-24F);
      const float radius = std::sqrt(-2 * std::log(uniform));
      normal[pair] = radius * std::cos(angle);
      normal[pair + 1] = radius * std::sin(angle);
    }
    std::copy_n(normal.begin(), std::min<int64_t>(4, count - i), out + i);
  }
}

std::array<int64_t, 3> Masks::Counter() const { return {key_[0], key_[1], first_image_}; }

Masks Masks::OnDevice(at::Tensor counter) const {
  CHECK(counter.scalar_type() == at::kLong && counter.sizes() == at::IntArrayRef({3}));
  Masks masks = *this;
  masks.device_counter_ = std::move(counter);
  return masks;
}

}  // namespace pdarts
