#ifndef PDARTS_NN_KERNELS_KERNEL_TABLE_H_
#define PDARTS_NN_KERNELS_KERNEL_TABLE_H_

// The inner loops, as a table of functions that each work on one image. loops.inc holds their code;
// kernels_<variant>.cc compiles it for one instruction set. This header is included there, so it
// holds plain data only: an inline function here would be compiled with each variant's flags, and
// the linker would be free to keep the one that this machine can't run.
//
// S is the storage type, in which activations and their gradients lie in memory: float, double or
// Bfloat16. A is the accumulator type, in which everything is computed: double for double, else
// float. Weights, per-channel numbers and sums are of type A.

#include <cstdint>

namespace pdarts::nn {

/// A bfloat16 number as it lies in memory: the upper half of a float.
enum class Bfloat16 : uint16_t {};

/// One image of a channels-last tensor: channel c of pixel p lies at data[p * stride + c].
template <typename T>
struct Pixels {
  T* data;
  int64_t stride;
};

/// One image in scratch memory: channels in blocks of a vector's width, a margin of some pixels on
/// each side. Lane l of channel block b of pixel (y, x) lies at
/// data[b * block + y * row + x * lanes + l]; y and x may be negative within the margin. The lanes
/// past the last channel, and the margin where a convolution reads it, are 0.
template <typename T>
struct Plane {
  T* data;
  int64_t block;
  int64_t row;
};

/// A place that a convolution reads, in pixels from (y * stride, x * stride) for output (y, x).
struct Tap {
  int32_t y, x;
};

/// What one convolution of an image does: an optional depthwise convolution, then a product with a
/// matrix of weights for each tap:
///   out[y][x][o] = sum over t, c of weights[t][c][o] * middle[y * s + taps[t].y][x * s +
///   taps[t].x][c]
/// where `middle` is the input and s the stride, or, with a depthwise convolution, its result
/// and 1.
struct ConvolutionShape {
  /// The side of the depthwise convolution's kernel, 3 or 5, or 0 without one. Its padding is
  /// dilation * (depthwise / 2).
  int32_t depthwise;
  /// 1 or 2.
  int32_t stride;
  int32_t dilation;
  int32_t num_taps;
  Tap taps[25];
  /// Pixels around the input, or around the gradient of the middle, that the loops read.
  int32_t margin;
  /// Rows of output that are computed together where the left factor is gathered in scratch memory.
  int32_t rows;
  int64_t in_channels;
  int64_t out_channels;
  int64_t in_height, in_width;
  int64_t out_height, out_width;
};

/// Weights as the loops read them. `Up(c)` is c rounded up to whole vectors; what lies past the
/// last channel is 0.
template <typename A>
struct PackedWeights {
  /// [blocks of Up(in)][k * k][lanes], or null.
  const A* depthwise;
  /// [taps][Up(in)][Up(out)]
  const A* forward;
  /// [taps][Up(out)][Up(in)]
  const A* backward;
  /// [Up(out)] or null.
  const A* bias;
  /// The same for KernelTable::multiplies_pairs, else null: `forward` and `backward` rounded to
  /// bfloat16, two rows of a matrix in one: the lower half of an element is of the even row.
  /// [taps][Up(in) / 2][Up(out)] and [taps][Up(out) / 2][Up(in)].
  const uint32_t* forward_pairs;
  const uint32_t* backward_pairs;
};

/// The gradient that reaches a convolution: factor * gradient + slope * value + offset, for each
/// channel ([Up(out)] each): the backward of a batch normalization behind it, done on the way.
/// `value` is the pre-normalization value.
template <typename S, typename A>
struct AffineGradient {
  Pixels<const S> gradient;
  /// Null data: only factor * gradient, factor null: gradient alone.
  Pixels<const S> value;
  const A* factor;
  const A* slope;
  const A* offset;
};

/// One summand of a linear combination of images.
template <typename S, typename A>
struct LinearTerm {
  Pixels<const S> values;
  /// [Up(channels)]
  const A* factor;
  /// One byte an element (0 or 1), or null data.
  Pixels<const uint8_t> mask;
};

template <typename S, typename A>
struct KernelTable {
  /// Elements of A in a vector.
  int64_t lanes;

  /// Whether products with matrices of weights multiply pairs of bfloat16 numbers and add them up
  /// as float: both factors are rounded to bfloat16 then.
  bool multiplies_pairs;

  /// out = max(0, scale * x + shift), or max(0, x) where scale is null. scale, shift:
  /// [Up(channels)].
  void (*load_relu)(Pixels<const S> x, int64_t channels, int64_t height, int64_t width,
                    const A* scale, const A* shift, Plane<A> out);

  /// The convolution of `input`; where `mean` is not null also each channel's mean and sum of
  /// squared deviations over the image, of the values before they are rounded to S. `scratch`:
  /// PackedConvolution::scratch_size elements.
  void (*convolution)(const ConvolutionShape& shape, Plane<const A> input,
                      const PackedWeights<A>& weights, Pixels<S> out, A* mean, A* squares,
                      A* scratch);

  /// Adds the gradient of `input` to `input_gradient` (null data: not wanted), and the weights'
  /// gradients to `depthwise_gradient` ([blocks][k * k][lanes]) and `forward_gradient`
  /// ([taps][Up(in)][Up(out)]) (null: not wanted) and `bias_gradient` ([Up(out)]).
  /// `middle` is a plane with the shape's margin, 0 there: with a depthwise convolution for the
  /// gradient of its result, with several taps of stride 1 for the gradient of the convolution's
  /// result; not used otherwise.
  void (*convolution_backward)(const ConvolutionShape& shape, Plane<const A> input,
                               const AffineGradient<S, A>& gradient,
                               const PackedWeights<A>& weights, Plane<A> middle,
                               Plane<A> input_gradient, A* depthwise_gradient, A* forward_gradient,
                               A* bias_gradient, A* scratch);

  /// plane = plane where input > 0, else 0 (the margin excepted).
  void (*mask_by_relu)(Plane<const A> input, int64_t channels, int64_t height, int64_t width,
                       Plane<A> plane);

  /// out = plane + sum of factor * mask * values + offset. plane.data, offset: null for none.
  void (*combine)(Plane<const A> plane, const LinearTerm<S, A>* terms, int64_t num_terms,
                  const A* offset, int64_t channels, int64_t height, int64_t width, Pixels<S> out);

  /// out = factor * mask * gradient + slope * value + offset; value.data null: no such term.
  void (*affine_gradient)(const AffineGradient<S, A>& gradient, Pixels<const uint8_t> mask,
                          int64_t channels, int64_t pixels, Pixels<S> out);

  /// sums[t * Up(channels) + c] = sum over the pixels of gradient * mask * (values - mean), where a
  /// term's `factor` is the mean; null means 0, null values mean the sum of gradient * mask alone.
  void (*gradient_sums)(Pixels<const S> gradient, const LinearTerm<S, A>* terms, int64_t num_terms,
                        int64_t channels, int64_t pixels, A* sums);

  /// Each channel's mean and sum of squared deviations.
  void (*statistics)(Pixels<const S> x, int64_t channels, int64_t pixels, A* mean, A* squares);

  /// 3x3, padding 1; scratch: one row of input, [width][lanes].
  void (*max_pool)(Pixels<const S> x, int64_t channels, int64_t height, int64_t width,
                   int64_t stride, Pixels<S> out, A* scratch);
  void (*average_pool)(Pixels<const S> x, int64_t channels, int64_t height, int64_t width,
                       int64_t stride, Pixels<S> out, A* scratch);
  /// Add to `input_gradient`. The first of equal values in a window gets the gradient.
  void (*max_pool_backward)(Pixels<const S> x, Pixels<const S> out, Pixels<const S> gradient,
                            int64_t channels, int64_t height, int64_t width, int64_t stride,
                            Plane<A> input_gradient);
  void (*average_pool_backward)(Pixels<const S> gradient, int64_t channels, int64_t height,
                                int64_t width, int64_t stride, Plane<A> input_gradient);

  /// out[i] = whether a number that depends on seed and first + i, even in [0, 2^32), is at least
  /// `threshold`.
  void (*dropout_mask)(uint64_t seed, uint32_t first, uint32_t threshold, int64_t count,
                       uint8_t* out);
};

/// What a kernels_<variant>.cc holds; all but the portable one are for x86-64 alone.
struct KernelTables {
  KernelTable<float, float> float32;
  KernelTable<double, double> float64;
  KernelTable<Bfloat16, float> bfloat16;
};

namespace portable {
extern const KernelTables kTables;
}  // namespace portable
namespace avx2 {
extern const KernelTables kTables;
}  // namespace avx2
namespace avx512 {
extern const KernelTables kTables;
}  // namespace avx512
namespace avx512_bf16 {
extern const KernelTables kTables;
}  // namespace avx512_bf16

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_KERNEL_TABLE_H_
