#include "pdarts/core/masks.h"

#include <algorithm>
#include <utility>

#include "ATen/ops/empty.h"
#include "glog/logging.h"
#include "pdarts/core/mask_arithmetic.h"

namespace pdarts {
namespace {

uint32_t Low(uint64_t word) { return mask_arithmetic::Low(word); }
uint32_t High(uint64_t word) { return mask_arithmetic::High(word); }
uint64_t Join(uint32_t low, uint32_t high) { return static_cast<uint64_t>(high) << 32 | low; }

std::array<uint32_t, 4> ToArray(const mask_arithmetic::Words& words) {
  return {words.word[0], words.word[1], words.word[2], words.word[3]};
}

}  // namespace

std::array<uint32_t, 4> Philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  return ToArray(
      mask_arithmetic::Philox({{counter[0], counter[1], counter[2], counter[3]}}, key[0], key[1]));
}

std::optional<uint32_t> DropThreshold(double probability) {
  CHECK(probability >= 0 && probability <= 1) << probability;
  const mask_arithmetic::Threshold threshold = mask_arithmetic::DropThreshold(probability);
  if (threshold.keeps_none) return std::nullopt;
  return threshold.first_kept;
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
  return ToArray(mask_arithmetic::ImageWords(
      key_[0], key_[1], static_cast<uint32_t>(first_image_ + image), place_, block));
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
  for (int64_t i = 0; i < count; i += 4) {
    std::array<float, 4> normal;
    mask_arithmetic::Normal(
        mask_arithmetic::ImageWords(key_[0], key_[1], static_cast<uint32_t>(first_image_ + image),
                                    place_, static_cast<uint32_t>((first + i) / 4)),
        normal.data());
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
