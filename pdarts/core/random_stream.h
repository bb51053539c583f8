#ifndef PDARTS_CORE_RANDOM_STREAM_H_
#define PDARTS_CORE_RANDOM_STREAM_H_

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace pdarts {

/// A sequence of random numbers that depends only on the seed of the run, the stage, the epoch, the
/// purpose, and the image. Two sequences that differ in one of these are independent. The numbers
/// come from Philox (pdarts/core/masks.h), so no state has to be kept between images.
class RandomStream {
 public:
  RandomStream(uint64_t seed, int64_t stage, int64_t epoch, absl::string_view purpose);

  /// The sequence for one image, from its beginning. part: the part that draws for the image, such
  /// as the number of a transform in its list.
  RandomStream For(int64_t sample, int part) const;

  /// The next 32 random bits. A sequence holds 2^34 of these words.
  uint32_t Bits();
  /// Uniform in [0, 1), with 53 random bits.
  double Uniform();
  /// Uniform in [low, high).
  double Uniform(double low, double high) { return low + (high - low) * Uniform(); }
  /// Uniform in {0, ..., limit - 1}, with a bias below limit / 2^32. 1 <= limit < 2^32.
  int64_t Below(int64_t limit);

 private:
  std::array<uint32_t, 2> key_;
  uint64_t sample_ = 0;
  uint32_t part_ = 0;
  uint64_t drawn_ = 0;                  ///< words that were drawn so far
  std::array<uint32_t, 4> block_ = {};  ///< the block that contains the last drawn word
};

}  // namespace pdarts

#endif  // PDARTS_CORE_RANDOM_STREAM_H_
