#ifndef PDARTS_DATASETS_TRANSFORMS_RESIZE_LOOPS_H_
#define PDARTS_DATASETS_TRANSFORMS_RESIZE_LOOPS_H_

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

/// The inner loops of a resize, compiled for one instruction set.
struct ResizeLoops {
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
};

namespace portable {
extern const ResizeLoops kResizeLoops;
}  // namespace portable
namespace avx2 {
extern const ResizeLoops kResizeLoops;
}  // namespace avx2

}  // namespace pdarts

#endif  // PDARTS_DATASETS_TRANSFORMS_RESIZE_LOOPS_H_
