#include "pdarts/datasets/transforms/rgb_resizer.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ATen/core/Tensor.h"
#include "ATen/ops/_upsample_bilinear2d_aa.h"
#include "ATen/ops/from_blob.h"
#include "pdarts/datasets/transforms/image_loops.h"

namespace pdarts {
namespace {

constexpr int64_t kChannels = 3;

/// The number of stored rows: the rows for one row of the result, and the rows that are resized
/// together.
constexpr int64_t kRing = 16;
static_assert(kRing >= kResizeTaps - 1 + kResizeRows);

/// A weight is a whole number of 16 bits. LibTorch rounds weights in the same way.
constexpr int kWeightBits = 15;
/// With this number of binary digits after the point, a sum of 8-bit values is below 2^24.
constexpr int kMaxDigits = 16;

/// The number of binary digits of a weight after the point. `largest` is the largest weight, at
/// most 1.
int DigitsFor(double largest) {
  int digits = 0;
  while (digits <= kMaxDigits && 0.5 + std::ldexp(largest, digits + 1) < (1 << kWeightBits)) {
    ++digits;
  }
  return digits;
}

}  // namespace

void RgbResizer::Axis::Set(int64_t size, int64_t new_size) {
  if (size == size_ && new_size == new_size_) return;
  size_ = size;
  new_size_ = new_size;
  const double scale = static_cast<double>(size) / static_cast<double>(new_size);
  // The filter is a triangle that extends to each side by one pixel of the result, or by one pixel
  // of the image if that is larger.
  const double reach = std::max(scale, 1.0);
  const double per_pixel = 1 / reach;
  is_exact_ = 2 * reach + 1 <= kResizeTaps;
  if (!is_exact_) return;

  first_.resize(static_cast<size_t>(new_size));
  shares_.resize(first_.size());
  counts_.resize(first_.size());
  double largest = 0;
  int taps = 1;
  for (size_t i = 0; i < first_.size(); ++i) {
    const double center = scale * (static_cast<double>(i) + 0.5);
    const double low = center - reach + 0.5, high = center + reach + 0.5;
    const int64_t begin = std::max<int64_t>(static_cast<int64_t>(low), 0);
    const int64_t end = std::min(static_cast<int64_t>(high), size);
    const int count = static_cast<int>(std::min<int64_t>(end - begin, kResizeTaps));
    double sum = 0;
    for (int k = 0; k < count; ++k) {
      const double distance = (static_cast<double>(begin + k) - center + 0.5) * per_pixel;
      shares_[i][k] = std::max(0.0, 1 - std::abs(distance));
      sum += shares_[i][k];
    }
    for (int k = 0; k < count; ++k) {
      shares_[i][k] /= sum;
      largest = std::max(largest, shares_[i][k]);
    }
    first_[i] = begin;
    counts_[i] = count;
    taps = std::max(taps, count);
  }
  const int digits = DigitsFor(largest);
  is_exact_ = digits <= kMaxDigits;
  if (!is_exact_) return;
  const double one = std::ldexp(1.0, digits);

  values_.assign(first_.size() * static_cast<size_t>(taps), 0);
  for (size_t i = 0; i < first_.size(); ++i) {
    // All pixels of the result have the same number of weights. Weights that would be past the end
    // of the image are put before the others, and are 0.
    const int64_t begin = std::min(first_[i], size - taps);
    float* const values = values_.data() + i * static_cast<size_t>(taps) + (first_[i] - begin);
    for (int k = 0; k < counts_[i]; ++k) {
      const double value = shares_[i][k] * one + 0.5;
      values[k] = static_cast<float>(static_cast<int>(value));
    }
    first_[i] = begin;
  }
  weights_.taps = taps;
  weights_.first = first_.data();
  weights_.weights = values_.data();
  weights_.half = static_cast<float>(one / 2);
  weights_.unit = static_cast<float>(1 / one);
}

RgbResizer::RgbResizer(InstructionSet instructions) : loops_(ImageLoopsFor(instructions)) {}

const uint8_t* RgbResizer::Resize(const uint8_t* pixels, int64_t row_stride, int64_t height,
                                  int64_t width, int64_t new_height, int64_t new_width) {
  out_.resize(static_cast<size_t>(kChannels * new_height * new_width));
  rows_.Set(height, new_height);
  columns_.Set(width, new_width);
  if (!rows_.is_exact() || !columns_.is_exact()) {
    ResizeByLibTorch(pixels, row_stride, height, width, new_height, new_width);
    return out_.data();
  }
  const ResizeWeights& down = rows_.weights();
  const int64_t plane = (new_width + 3) / 4 * 4;
  bytes_.resize(static_cast<size_t>(kChannels * width * kResizeRows));
  columns_of_rows_.resize(bytes_.size());
  resized_.resize(static_cast<size_t>(kChannels * plane * kResizeRows));
  ring_.resize(static_cast<size_t>(kChannels * plane * kRing));
  const auto kept = [&](int64_t y) { return ring_.data() + y % kRing * kChannels * plane; };
  int64_t y = 0;
  for (int64_t top = 0; y < new_height; top += kResizeRows) {
    std::array<const uint8_t*, kResizeRows> rows;
    std::array<float*, kResizeRows> to;
    for (int64_t r = 0; r < kResizeRows; ++r) {
      rows[r] = pixels + std::min(top + r, height - 1) * row_stride;
      to[r] = kept(top + r);
    }
    loops_.across(rows.data(), width, columns_.weights(), new_width, bytes_.data(),
                  columns_of_rows_.data(), resized_.data(), plane, to.data());
    for (; y < new_height && down.first[y] + down.taps <= top + kResizeRows; ++y) {
      for (int64_t c = 0; c < kChannels; ++c) {
        std::array<const float*, kResizeTaps> from;
        for (int k = 0; k < down.taps; ++k) from[k] = kept(down.first[y] + k) + c * plane;
        loops_.down(from.data(), down.weights + y * down.taps, down.taps, down.half, down.unit,
                    new_width, out_.data() + (c * new_height + y) * new_width);
      }
    }
  }
  return out_.data();
}

void RgbResizer::ResizeByLibTorch(const uint8_t* pixels, int64_t row_stride, int64_t height,
                                  int64_t width, int64_t new_height, int64_t new_width) {
  const at::Tensor image =
      at::from_blob(const_cast<uint8_t*>(pixels), {1, kChannels, height, width},
                    {height * row_stride, 1, row_stride, kChannels}, at::TensorOptions(at::kByte));
  const at::Tensor resized =
      at::_upsample_bilinear2d_aa(image, {new_height, new_width}, /*align_corners=*/false)
          .contiguous();
  const uint8_t* const values = resized.const_data_ptr<uint8_t>();
  std::copy(values, values + out_.size(), out_.begin());
}

}  // namespace pdarts
