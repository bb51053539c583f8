#include "pdarts/core/random_stream.h"

#include "pdarts/core/masks.h"

namespace pdarts {
namespace {

uint32_t Low(uint64_t word) { return static_cast<uint32_t>(word); }
uint32_t High(uint64_t word) { return static_cast<uint32_t>(word >> 32); }

}  // namespace

RandomStream::RandomStream(uint64_t seed, int64_t stage, int64_t epoch, absl::string_view purpose)
    : key_{Low(seed), High(seed)} {
  const auto mix = [this](std::array<uint32_t, 4> counter) {
    const std::array<uint32_t, 4> bits = Philox(counter, key_);
    key_ = {bits[0], bits[1]};
  };
  // The length comes first, so that no purpose is a prefix of another one.
  mix({static_cast<uint32_t>(stage), static_cast<uint32_t>(epoch),
       High(static_cast<uint64_t>(epoch)), static_cast<uint32_t>(purpose.size())});
  for (const char c : purpose) mix({static_cast<unsigned char>(c), 0, 0, 0});
}

RandomStream RandomStream::For(int64_t sample, int part) const {
  RandomStream stream = *this;
  stream.sample_ = static_cast<uint64_t>(sample);
  stream.part_ = static_cast<uint32_t>(part);
  stream.drawn_ = 0;
  return stream;
}

uint32_t RandomStream::Bits() {
  const uint32_t word = drawn_ % 4;
  if (word == 0) block_ = Philox({Low(drawn_ / 4), part_, Low(sample_), High(sample_)}, key_);
  ++drawn_;
  return block_[word];
}

double RandomStream::Uniform() {
  const uint64_t high = Bits() >> 5, low = Bits() >> 6;  // 27 and 26 bits
  return static_cast<double>(high << 26 | low) * 0x1p-53;
}

int64_t RandomStream::Below(int64_t limit) {
  return static_cast<int64_t>(uint64_t{Bits()} * static_cast<uint64_t>(limit) >> 32);
}

}  // namespace pdarts
