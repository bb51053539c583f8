#ifndef PDARTS_DEVICE_KERNELS_H_
#define PDARTS_DEVICE_KERNELS_H_

#include <cstdint>

#include "pdarts/core/mask_arithmetic.h"
#include "pdarts/device/operators.h"

// What the kernels compute for one image, one element or one pixel. The kernels for the CPU and for
// CUDA differ only in who goes through the elements.

namespace pdarts::operators {

/// A counter as the operators are given it, `[3]`.
PDARTS_MASK_FUNCTION mask_arithmetic::Words BitsOf(const int64_t* counter, int64_t place,
                                                   int64_t image, uint32_t block) {
  return mask_arithmetic::ImageWords(
      static_cast<uint32_t>(counter[0]), static_cast<uint32_t>(counter[1]),
      static_cast<uint32_t>(counter[2] + image), static_cast<uint64_t>(place), block);
}

/// 1 / (1 - rate). T: float or double.
template <typename T>
PDARTS_MASK_FUNCTION T DropScale(double rate, bool rounds_once) {
  return rounds_once ? static_cast<T>(1 / (1 - rate)) : 1 / static_cast<T>(1 - rate);
}

PDARTS_MASK_FUNCTION float ImageScale(const int64_t* counter, int64_t place, int64_t image,
                                      double rate) {
  const bool keeps = mask_arithmetic::Keeps(mask_arithmetic::DropThreshold(rate),
                                            BitsOf(counter, place, image, 0).word[0]);
  return keeps ? DropScale<float>(rate, /*rounds_once=*/false) : 0;
}

/// The dropout of one image. T: what is computed with.
template <typename T>
struct ImageDropout {
  uint32_t key, second_key;
  mask_arithmetic::Threshold threshold;
  T scale;

  /// What the element of this number is multiplied by. Elements are numbered channels-last.
  PDARTS_MASK_METHOD T Factor(uint32_t element) const {
    return mask_arithmetic::Keeps(threshold, mask_arithmetic::ElementWord(element, key, second_key))
               ? scale
               : 0;
  }
};

template <typename T>
PDARTS_MASK_FUNCTION ImageDropout<T> DropoutOfImage(const int64_t* counter, int64_t place,
                                                    int64_t image, double rate, bool rounds_once) {
  const mask_arithmetic::Words bits = BitsOf(counter, place, image, 0);
  return ImageDropout<T>{bits.word[0], bits.word[1], mask_arithmetic::DropThreshold(rate),
                         DropScale<T>(rate, rounds_once)};
}

/// Images `[C,pixels]` or `[pixels,C]` in memory.
struct ElementOrder {
  int64_t channels, pixels;
  bool is_channels_last;

  /// The number, counted channels-last, of the element at this place in the image's memory.
  PDARTS_MASK_METHOD uint32_t NumberOf(int64_t offset) const {
    return static_cast<uint32_t>(is_channels_last ? offset
                                                  : offset % pixels * channels + offset / pixels);
  }
};

/// The pixel (y, x) of a channel of a transformed image.
/// \param channel `[height,width]`, before the transforms.
/// \param map `[kImageNumbers]`.
/// \param table `[256]`, of the channel.
template <typename T>
PDARTS_MASK_FUNCTION T TransformedPixel(const uint8_t* channel, const int32_t* map, const T* table,
                                        int64_t width, int64_t y, int64_t x) {
  const int32_t *const hole = map + kMapNumbers, *const end = hole + kMostHoles * kHoleNumbers;
  // A later hole covers an earlier one.
  for (const int32_t* last = end - kHoleNumbers; last >= hole; last -= kHoleNumbers) {
    if (y >= last[0] && y < last[1] && x >= last[2] && x < last[3]) return last[4] ? table[0] : 0;
  }
  const int64_t row = y + map[0], column = (map[2] ? width - 1 - x : x) + map[1];
  const bool is_inside = row >= map[3] && row < map[4] && column >= map[5] && column < map[6];
  return table[is_inside ? channel[row * width + column] : 0];
}

}  // namespace pdarts::operators

#endif  // PDARTS_DEVICE_KERNELS_H_
