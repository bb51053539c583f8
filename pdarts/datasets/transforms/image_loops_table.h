#ifndef PDARTS_DATASETS_TRANSFORMS_IMAGE_LOOPS_TABLE_H_
#define PDARTS_DATASETS_TRANSFORMS_IMAGE_LOOPS_TABLE_H_

#include <cstdint>

namespace pdarts {

/// Rows that are resized together.
constexpr int kResizeRows = 8;
/// Pixels that one pixel of a result may depend on in each direction.
constexpr int kResizeTaps = 9;

/// What the pixels of a result are along one direction: pixel x is the sum over k of
/// weights[x][k] * pixels[first[x] + k], times `unit`. Weights are whole numbers, and so are
/// pixels. All sums lie below 2^24, so that float computes them exactly in any order.
struct ResizeWeights {
  int taps;              ///< at most kResizeTaps
  const int64_t* first;  ///< `[pixels]`
  const float* weights;  ///< `[pixels,taps]`
  float half;            ///< is added to each sum: half of 1 / unit
  float unit;            ///< a power of 2
};

/// Inner loops over the pixels of an image, compiled for one instruction set.
struct ImageLoops {
  /// Resizes kResizeRows rows of red, green, blue pixels from `width` to `new_width` pixels.
  /// \param bytes scratch of `3 * width * kResizeRows`.
  /// \param columns scratch of `3 * width * kResizeRows`.
  /// \param resized scratch of `3 * plane * kResizeRows`.
  /// \param plane new_width, rounded up to a multiple of 4.
  /// \param out rows of `[3,plane]` whole numbers in [0, 255].
  void (*across)(const uint8_t* const* rows, int64_t width, const ResizeWeights& weights,
                 int64_t new_width, uint8_t* bytes, float* columns, float* resized, int64_t plane,
                 float* const* out);
  /// out[i] = the sum of weights[k] * rows[k][i], as ResizeWeights says. i: below `count`.
  void (*down)(const float* const* rows, const float* weights, int taps, float half, float unit,
               int64_t count, uint8_t* out);
  /// out[i] = values[i] * factor + offset, computed in double. is_mirrored: out[count - 1 - i].
  void (*scale)(const uint8_t* values, int64_t count, double factor, double offset,
                bool is_mirrored, float* out);
};

namespace portable {
extern const ImageLoops kImageLoops;
}  // namespace portable
namespace avx2 {
extern const ImageLoops kImageLoops;
}  // namespace avx2

}  // namespace pdarts

#endif  // PDARTS_DATASETS_TRANSFORMS_IMAGE_LOOPS_TABLE_H_
