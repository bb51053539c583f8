#ifndef PDARTS_NN_KERNELS_KERNEL_TABLE_H_
#define PDARTS_NN_KERNELS_KERNEL_TABLE_H_

// The inner loops, as a table of functions that each compute one image or a part of one: sums and
// normalizations also take some of the pixels, and some convolutions take some of the rows
// (NumBands in convolution.cc). loops.inc has their code, and kernels_<variant>.cc compiles the
// code for one instruction set. These files include this header, so it contains only plain data. An
// inline function here would be compiled with the flags of each variant, and the linker could keep
// the copy that this machine cannot run.
//
// S is the storage type: activations and their gradients are stored as float, double or Bfloat16. A
// is the accumulator type, in which everything is computed: double for double, and otherwise float.
// Weights, per-channel numbers and sums have the type A.

#include <cstdint>

namespace pdarts::nn {

/// A bfloat16 number as it is stored: the upper half of a float.
enum class Bfloat16 : uint16_t {};

/// One image of a channels-last tensor. Channel c of pixel p is data[p * stride + c].
template <typename T>
struct Pixels {
  T* data;
  int64_t stride;
};

/// One image in scratch memory: channels in blocks with the width of a vector, and a margin of some
/// pixels on each side. Lane l of channel block b of pixel (y, x) is
/// data[b * block + y * row + x * lanes + l]; y and x may be negative within the margin. The lanes
/// after the last channel are 0, and so is the margin, if a convolution reads it.
template <typename T>
struct Plane {
  T* data;
  int64_t block;
  int64_t row;
};

/// A position that a convolution reads, in pixels relative to (y * stride, x * stride) for output
/// (y, x).
struct Tap {
  int32_t y, x;
};

/// The computation of a convolution of an image: an optional depthwise convolution, and then a
/// product with a matrix of weights for each tap:
///   out[y][x][o] = sum over t, c of weights[t][c][o] * middle[y * s + taps[t].y][x * s +
///   taps[t].x][c]
/// Without a depthwise convolution, `middle` is the input and s is the stride. With a depthwise
/// convolution, `middle` is its result, and s is 1.
struct ConvolutionShape {
  /// The side of the depthwise kernel, 3 or 5; 0 without a depthwise convolution. Its padding is
  /// dilation * (depthwise / 2).
  int32_t depthwise;
  /// 1 or 2.
  int32_t stride;
  int32_t dilation;
  int32_t num_taps;
  Tap taps[25];
  /// The number of pixels that the loops read around the input, or around the gradient of `middle`.
  int32_t margin;
  /// The number of output rows that are computed together if the left factor is gathered in scratch
  /// memory.
  int32_t rows;
  int64_t in_channels;
  int64_t out_channels;
  int64_t in_height, in_width;
  int64_t out_height, out_width;
};

/// Weights in the form that the loops read. `Up(c)` is c rounded up to whole vectors; elements
/// after the last channel are 0.
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
  /// For KernelTable::multiplies_pairs, otherwise null: `forward` and `backward` rounded to
  /// bfloat16. One element contains two rows of a matrix, the even row in its lower half.
  /// [taps][Up(in) / 2][Up(out)] and [taps][Up(out) / 2][Up(in)].
  const uint32_t* forward_pairs;
  const uint32_t* backward_pairs;
};

/// The gradient of a convolution's result: factor * gradient + slope * value + offset, with
/// [Up(out)] numbers of each kind. It contains the backward pass of a batch normalization behind
/// the convolution. `value` is the pre-normalization value.
template <typename S, typename A>
struct AffineGradient {
  Pixels<const S> gradient;
  /// Null data: the gradient is factor * gradient. If factor is also null, it is `gradient`.
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
  /// One byte for each element (0 or 1), or null data.
  Pixels<const uint8_t> mask;
};

template <typename S, typename A>
struct KernelTable {
  /// Elements of A in a vector.
  int64_t lanes;

  /// Whether products with matrices of weights multiply pairs of bfloat16 numbers and add them as
  /// float. Both factors are then rounded to bfloat16.
  bool multiplies_pairs;

  /// out = max(0, scale * x + shift), or max(0, x) if scale is null. scale, shift: [Up(channels)].
  void (*load_relu)(Pixels<const S> x, int64_t channels, int64_t height, int64_t width,
                    const A* scale, const A* shift, Plane<A> out);

  /// The convolution of `input`. If `mean` is not null, also the mean and the sum of squared
  /// deviations of each channel over the image, from the values before they are rounded to S.
  /// `scratch`: PackedConvolution::scratch_size elements.
  void (*convolution)(const ConvolutionShape& shape, Plane<const A> input,
                      const PackedWeights<A>& weights, Pixels<S> out, A* mean, A* squares,
                      A* scratch);

  /// Adds the gradient of `input` to `input_gradient` (null data: not wanted). With `replaces`, it
  /// replaces the values of `input_gradient` (not in the margin). `replaces` is only for a
  /// depthwise convolution of stride 1. Adds the gradients of the weights to `depthwise_gradient`
  /// ([blocks][k * k][lanes]), `forward_gradient` ([taps][Up(in)][Up(out)]) and `bias_gradient`
  /// ([Up(out)]) (null: not wanted). `input` is read only if a gradient of a depthwise weight or of
  /// the matrices is wanted. `middle` is a plane with the margin of the shape, which is 0. With a
  /// depthwise convolution, it is used for the gradient of the depthwise result. With several taps
  /// of stride 1, it is used for the gradient of the convolution's result. Otherwise it is not
  /// used.
  void (*convolution_backward)(const ConvolutionShape& shape, Plane<const A> input,
                               const AffineGradient<S, A>& gradient,
                               const PackedWeights<A>& weights, Plane<A> middle,
                               Plane<A> input_gradient, bool replaces, A* depthwise_gradient,
                               A* forward_gradient, A* bias_gradient, A* scratch);

  /// plane = plane if input > 0, otherwise 0 (not in the margin).
  void (*mask_by_relu)(Plane<const A> input, int64_t channels, int64_t height, int64_t width,
                       Plane<A> plane);

  /// The backward pass of load_relu: out = plane if scale * x + shift > 0 (x > 0 if scale is null),
  /// otherwise 0. If `sums` is not null, also sums[c] = sum of out over the pixels, and
  /// sums[Up(channels) + c] = sum of out * (x - mean). The sums are those of the stored values.
  /// scale, shift, mean: [Up(channels)]. `mean` is read only for the sums.
  void (*relu_backward)(Plane<const A> plane, Pixels<const S> x, int64_t channels, int64_t height,
                        int64_t width, const A* scale, const A* shift, const A* mean, Pixels<S> out,
                        A* sums);

  /// out = plane + sum of factor * mask * values + offset. plane.data, offset: null if there is
  /// none.
  void (*combine)(Plane<const A> plane, const LinearTerm<S, A>* terms, int64_t num_terms,
                  const A* offset, int64_t channels, int64_t height, int64_t width, Pixels<S> out);

  /// out = factor * mask * gradient + slope * value + offset. value.data null: the term with slope
  /// is omitted.
  void (*affine_gradient)(const AffineGradient<S, A>& gradient, Pixels<const uint8_t> mask,
                          int64_t channels, int64_t pixels, Pixels<S> out);

  /// sums[t * Up(channels) + c] = sum over the pixels of gradient * mask * (values - mean), where
  /// the `factor` of a term is the mean. If the mean is null, it is 0. If values is null, the sum
  /// is that of gradient * mask.
  void (*gradient_sums)(Pixels<const S> gradient, const LinearTerm<S, A>* terms, int64_t num_terms,
                        int64_t channels, int64_t pixels, A* sums);

  /// The mean and the sum of squared deviations of each channel.
  void (*statistics)(Pixels<const S> x, int64_t channels, int64_t pixels, A* mean, A* squares);

  /// 3x3, padding 1; scratch: one row of input, [width][lanes], for stride 2.
  void (*max_pool)(Pixels<const S> x, int64_t channels, int64_t height, int64_t width,
                   int64_t stride, Pixels<S> out, A* scratch);
  void (*average_pool)(Pixels<const S> x, int64_t channels, int64_t height, int64_t width,
                       int64_t stride, Pixels<S> out, A* scratch);
  /// Add to `input_gradient`. The gradient goes to the first of equal values in a window.
  void (*max_pool_backward)(Pixels<const S> x, Pixels<const S> out, Pixels<const S> gradient,
                            int64_t channels, int64_t height, int64_t width, int64_t stride,
                            Plane<A> input_gradient);
  void (*average_pool_backward)(Pixels<const S> gradient, int64_t channels, int64_t height,
                                int64_t width, int64_t stride, Plane<A> input_gradient);

  /// out[i] = whether a number is at least `threshold`. The number depends on seed and first + i,
  /// and is uniform in [0, 2^32).
  void (*dropout_mask)(uint64_t seed, uint32_t first, uint32_t threshold, int64_t count,
                       uint8_t* out);
};

/// The content of a kernels_<variant>.cc. All variants except the portable one are only for x86-64.
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
