#ifndef PDARTS_CORE_MASK_ARITHMETIC_H_
#define PDARTS_CORE_MASK_ARITHMETIC_H_

#include <cstdint>

// The arithmetic of random numbers, for the host, for the loops of each instruction set, and for
// CUDA kernels. All functions have internal linkage and need no other header, so that nothing that
// was compiled for a newer processor reaches code for an older one.

#if defined(__CUDACC__)
#define PDARTS_MASK_METHOD __host__ __device__ __forceinline__
#else
#define PDARTS_MASK_METHOD inline __attribute__((always_inline))
#endif
#define PDARTS_MASK_FUNCTION static PDARTS_MASK_METHOD

namespace pdarts::mask_arithmetic {

struct Words {
  uint32_t word[4];
};

PDARTS_MASK_FUNCTION uint32_t Low(uint64_t word) { return static_cast<uint32_t>(word); }
PDARTS_MASK_FUNCTION uint32_t High(uint64_t word) { return static_cast<uint32_t>(word >> 32); }

/// pdarts::Philox.
PDARTS_MASK_FUNCTION Words Philox(Words counter, uint32_t key, uint32_t second_key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t first = uint64_t{0xD2511F53} * counter.word[0];
    const uint64_t second = uint64_t{0xCD9E8D57} * counter.word[2];
    counter = Words{{High(second) ^ counter.word[1] ^ key, Low(second),
                     High(first) ^ counter.word[3] ^ second_key, Low(first)}};
    key += 0x9E3779B9;
    second_key += 0xBB67AE85;
  }
  return counter;
}

/// Masks::Bits of the image at this position in the epoch's order.
PDARTS_MASK_FUNCTION Words ImageWords(uint32_t key, uint32_t second_key, uint32_t position,
                                      uint64_t place, uint32_t block) {
  return Philox(Words{{block, position, Low(place), High(place)}}, key, second_key);
}

/// The word that decides about an element of an image, even in [0, 2^32). key, second_key: the
/// first two words of the image.
PDARTS_MASK_FUNCTION uint32_t ElementWord(uint32_t element, uint32_t key, uint32_t second_key) {
  uint32_t x = element ^ key;
  x = (x ^ (x >> 16)) * 0x7feb352du;
  x = (x ^ (x >> 15)) * 0x846ca68bu;
  x = (x ^ (x >> 16)) + second_key;
  x = (x ^ (x >> 17)) * 0xed5ad4bbu;
  x = (x ^ (x >> 11)) * 0xac4c1b51u;
  x = (x ^ (x >> 15)) * 0x31848babu;
  return x ^ (x >> 14);
}

/// Which words keep what they stand for.
struct Threshold {
  bool keeps_none;
  uint32_t first_kept;  ///< if any is kept
};

/// The words that are dropped have the share `probability`, in [0, 1].
PDARTS_MASK_FUNCTION Threshold DropThreshold(double probability) {
  // 2^32. Rounding to even is the same on all processors.
#if defined(__CUDA_ARCH__)
  const double dropped = nearbyint(probability * 4294967296.0);
#else
  const double dropped = __builtin_nearbyint(probability * 4294967296.0);
#endif
  if (dropped >= 4294967296.0) return Threshold{true, 0};
  return Threshold{false, static_cast<uint32_t>(dropped)};
}

PDARTS_MASK_FUNCTION bool Keeps(Threshold threshold, uint32_t word) {
  return !threshold.keeps_none && word >= threshold.first_kept;
}

/// Four independent normal numbers of mean 0 and deviation 1, by the method of Box and Muller: two
/// from two uniform numbers, the first of which is not 0. On a CUDA device the last bits differ.
PDARTS_MASK_FUNCTION void Normal(Words bits, float* out) {
  constexpr float kTwoPi = 6.283185307F;
  constexpr float kUnit = 1.0F / 16777216;  // 2^-24
  for (int pair = 0; pair < 4; pair += 2) {
    const float uniform = static_cast<float>((bits.word[pair] >> 8) + 1) * kUnit;
    const float angle = kTwoPi * (static_cast<float>(bits.word[pair + 1] >> 8) * kUnit);
#if defined(__CUDA_ARCH__)
    const float radius = sqrtf(-2 * logf(uniform));
    out[pair] = radius * cosf(angle);
    out[pair + 1] = radius * sinf(angle);
#else
    const float radius = __builtin_sqrtf(-2 * __builtin_logf(uniform));
    out[pair] = radius * __builtin_cosf(angle);
    out[pair + 1] = radius * __builtin_sinf(angle);
#endif
  }
}

}  // namespace pdarts::mask_arithmetic

#endif  // PDARTS_CORE_MASK_ARITHMETIC_H_
