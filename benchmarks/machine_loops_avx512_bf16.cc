#include <immintrin.h>

#include "benchmarks/machine_loops.h"

namespace pdarts::avx512_bf16 {
namespace {

constexpr int kSums = 24;

float Dot(int64_t repeats, float seed) {
  __m512 sums[kSums];
  for (int i = 0; i < kSums; ++i) sums[i] = _mm512_set1_ps(seed * static_cast<float>(i + 1));
  const __m512 seeds = _mm512_set1_ps(seed);
  // The values have both signs, so that the sums do not grow.
  const __m512bh left = _mm512_cvtne2ps_pbh(seeds, seeds);
  const __m512bh right = _mm512_cvtne2ps_pbh(seeds, _mm512_sub_ps(_mm512_setzero_ps(), seeds));
  for (int64_t r = 0; r < repeats; ++r) {
#pragma GCC unroll 32
    for (int i = 0; i < kSums; ++i) sums[i] = _mm512_dpbf16_ps(sums[i], left, right);
  }
  float sum = 0;
  for (const __m512& s : sums) {
    for (int l = 0; l < 16; ++l) sum += s[l];
  }
  return sum;
}

}  // namespace

const DotLoop kDotLoop = {Dot, kSums * 32};

}  // namespace pdarts::avx512_bf16
