#ifndef PDARTS_DATASETS_TRANSFORMS_IMAGE_LOOPS_TABLE_H_
#define PDARTS_DATASETS_TRANSFORMS_IMAGE_LOOPS_TABLE_H_

#include <cstdint>

namespace pdarts {

/// Number of rows that are resized together.
constexpr int kResizeRows = 8;
/// The maximum number of pixels in each direction on which a pixel of the result depends.
constexpr int kResizeTaps = 9;

/// The weights of a resize in one direction: pixel x of the result is the sum over k of
/// weights[x][k] * pixels[first[x] + k], multiplied by `unit`. Weights and pixels are whole
/// numbers. All sums are below 2^24, so float computes them exactly in any order.
struct ResizeWeights {
  int taps;              ///< at most kResizeTaps
  const int64_t* first;  ///< `[pixels]`
  const float* weights;  ///< `[pixels,taps]`
  float half;            ///< added to each sum: half of 1 / unit
  float unit;            ///< a power of 2
};

/// The inner loops over the pixels of an image, compiled for one instruction set.
struct ImageLoops {
  /// Resizes kResizeRows rows of red, green, blue pixels from `width` to `new_width` pixels.
  /// \param bytes temporary memory of `3 * width * kResizeRows`.
  /// \param columns temporary memory of `3 * width * kResizeRows`.
  /// \param resized temporary memory of `3 * plane * kResizeRows`.
  /// \param plane new_width, rounded up to a multiple of 4.
  /// \param out rows of `[3,plane]` whole numbers in [0, 255].
  void (*across)(const uint8_t* const* rows, int64_t width, const ResizeWeights& weights,
                 int64_t new_width, uint8_t* bytes, float* columns, float* resized, int64_t plane,
                 float* const* out);
  /// Computes out[i] = the sum of weights[k] * rows[k][i] for i < `count`, as ResizeWeights
  /// describes.
  void (*down)(const float* const* rows, const float* weights, int taps, float half, float unit,
               int64_t count, uint8_t* out);
  /// Computes out[i] = values[i] * factor + offset in double precision. If is_mirrored is true, the
  /// result goes to out[count - 1 - i].
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
