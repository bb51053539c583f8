#ifndef PDARTS_DEVICE_KERNELS_H_
#define PDARTS_DEVICE_KERNELS_H_

#include <cstdint>
#include <optional>

#include "pdarts/core/mask_arithmetic.h"
#include "pdarts/device/operators.h"

// The computation of the kernels for one image, one element or one pixel. The kernels for the CPU
// and for CUDA differ only in the loop over the elements.

namespace pdarts::operators {

/// The random bits from a counter as the operators get it, `[3]`.
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

/// The dropout of one image. T: the type of the computation.
template <typename T>
struct ImageDropout {
  uint32_t key, second_key;
  mask_arithmetic::Threshold threshold;
  T scale;

  /// The factor of the element with this number. Elements are numbered channels-last.
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

  /// The channels-last number of the element at this offset in the image's memory.
  PDARTS_MASK_METHOD uint32_t NumberOf(int64_t offset) const {
    return static_cast<uint32_t>(is_channels_last ? offset
                                                  : offset % pixels * channels + offset / pixels);
  }
};

/// The order of the elements of a value `[N,C,H,W]` whose images are contiguous.
inline ElementOrder OrderOf(const at::Tensor& value) {
  return {value.size(1), value.size(2) * value.size(3), /*is_channels_last=*/false};
}

template <typename T>
const T* DataOrNull(const std::optional<at::Tensor>& tensor) {
  return tensor ? tensor->const_data_ptr<T>() : nullptr;
}

/// The numbers of a summand in `terms`: coefficient or -1; number of its gate or -1; number of its
/// image scale or -1; whether it has dropout; and the place of the dropout.
inline constexpr int64_t kSummandNumbers = 5;

/// A summand in memory. The elements of an image are contiguous. S: the type of the values.
template <typename S>
struct SummandMemory {
  const S *value, *gate;              ///< gate: may be null
  const float* image_scale;           ///< may be null
  int64_t value_stride, gate_stride;  ///< between two images
  int64_t place;
  double scale;
  int32_t coefficient;
  bool drops;
};

/// The memory of the summand with this number, from the arguments of the operators.
template <typename S>
SummandMemory<S> MemoryOf(at::TensorList values, at::TensorList gates, at::TensorList image_scales,
                          at::IntArrayRef terms, at::ArrayRef<double> scales, int64_t number) {
  const int64_t* const numbers = terms.data() + number * kSummandNumbers;
  const at::Tensor& value = values[static_cast<size_t>(number)];
  SummandMemory<S> memory = {};
  memory.value = value.const_data_ptr<S>();
  memory.value_stride = value.stride(0);
  if (numbers[1] >= 0) {
    const at::Tensor& gate = gates[static_cast<size_t>(numbers[1])];
    memory.gate = gate.const_data_ptr<S>();
    memory.gate_stride = gate.stride(0);
  }
  if (numbers[2] >= 0) {
    memory.image_scale = image_scales[static_cast<size_t>(numbers[2])].const_data_ptr<float>();
  }
  memory.place = numbers[4];
  memory.scale = scales[static_cast<size_t>(number)];
  memory.coefficient = static_cast<int32_t>(numbers[0]);
  memory.drops = numbers[3] != 0;
  return memory;
}

/// A summand for one image. T: the type of the computation.
template <typename S, typename T>
struct SummandImage {
  const S *value, *gate;
  T factor;
  bool drops;
  ImageDropout<T> dropout;

  /// The element at this offset in the image's memory, without the factor.
  PDARTS_MASK_METHOD T At(int64_t offset, const ElementOrder& order) const {
    if (gate != nullptr && static_cast<T>(gate[offset]) <= 0) return 0;
    const T element = static_cast<T>(value[offset]);
    return drops ? element * dropout.Factor(order.NumberOf(offset)) : element;
  }
};

/// coefficients: may be null if no summand has a coefficient; counter and rate: if none has
/// dropout.
template <typename S, typename T>
PDARTS_MASK_FUNCTION SummandImage<S, T> ImageOf(const SummandMemory<S>& summand, int64_t image,
                                                const T* coefficients, const int64_t* counter,
                                                const double* rate) {
  SummandImage<S, T> of_image = {};
  of_image.value = summand.value + image * summand.value_stride;
  if (summand.gate != nullptr) of_image.gate = summand.gate + image * summand.gate_stride;
  of_image.factor = static_cast<T>(summand.scale);
  if (summand.coefficient >= 0) of_image.factor *= coefficients[summand.coefficient];
  if (summand.image_scale != nullptr) {
    of_image.factor *= static_cast<T>(summand.image_scale[image]);
  }
  of_image.drops = summand.drops;
  if (summand.drops) {
    of_image.dropout =
        DropoutOfImage<T>(counter, summand.place, image, *rate, /*rounds_once=*/true);
  }
  return of_image;
}

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
