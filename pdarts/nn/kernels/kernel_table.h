#ifndef PDARTS_NN_KERNELS_KERNEL_TABLE_H_
#define PDARTS_NN_KERNELS_KERNEL_TABLE_H_

// The inner loops, as a table of functions that each work on one image. loops.inc holds their code;
// kernels_<variant>.cc compiles it for one instruction set. This header is included there, so it
// holds plain data only: an inline function here would be compiled with each variant's flags, and
// the linker would be free to keep the one that this machine can't run.

#include <cstdint>

namespace pdarts::nn {

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

enum class ConvolutionKind {
  /// Depthwise kxk, then 1x1.
  kSeparable,
  /// 1x1, stride 1.
  kPointwise,
  /// Two 1x1 of stride 2, the second on the image shifted by one row and one column; each makes
  /// half of the channels.
  kFactorizedReduce,
  /// Dense kxk, stride 1.
  kDense,
};

/// What one convolution of an image does. Padding is dilation * (kernel / 2).
///
/// Every kind is a "gather" of some channels for an output pixel (`gathered` of them, a multiple of
/// the vector width) and a matrix product with weights [gathered, out_channels]:
///   kSeparable: the depthwise convolution's result, one channel for each input channel;
///   kPointwise: the input pixel;
///   kFactorizedReduce: the pixels (2y, 2x) and (2y + 1, 2x + 1);
///   kDense: the k * k input pixels.
struct ConvolutionShape {
  ConvolutionKind kind;
  int32_t kernel;
  int32_t stride;
  int32_t dilation;
  int64_t in_channels;
  int64_t out_channels;
  int64_t in_height, in_width;
  int64_t out_height, out_width;
};

/// Weights as the loops read them. `Up(c)` is c rounded up to whole vectors; what lies past the
/// last channel is 0.
template <typename T>
struct PackedWeights {
  /// [blocks of Up(in)][k * k][lanes]; kSeparable only.
  const T* depthwise;
  /// [gathered][Up(out)]
  const T* forward;
  /// Its transpose, [Up(out)][gathered]; for kDense [k * k][Up(out)][Up(in)].
  const T* backward;
  /// [Up(out)] or null.
  const T* bias;
};

/// The gradient that reaches a convolution: factor * gradient + slope * raw + offset, for each
/// channel ([Up(out)] each): the backward of a batch normalisation behind it, done on the way.
template <typename T>
struct AffineGradient {
  Pixels<const T> gradient;
  /// Null data: only factor * gradient, factor null: gradient alone.
  Pixels<const T> raw;
  const T* factor;
  const T* slope;
  const T* offset;
};

/// One summand of a linear combination of images.
template <typename T>
struct LinearTerm {
  Pixels<const T> values;
  /// [Up(channels)]
  const T* factor;
  /// One byte an element (0 or 1), or null data.
  Pixels<const uint8_t> mask;
};

template <typename T>
struct KernelTable {
  /// Elements of T in a vector.
  int64_t lanes;

  /// out = max(0, scale * x + shift), or max(0, x) where scale is null. scale, shift:
  /// [Up(channels)].
  void (*load_relu)(Pixels<const T> x, int64_t channels, int64_t height, int64_t width,
                    const T* scale, const T* shift, Plane<T> out);

  /// The convolution of `input`; where `mean` is not null also each channel's mean and sum of
  /// squared deviations over the image. `scratch`: ConvolutionScratch elements.
  void (*convolution)(const ConvolutionShape& shape, Plane<const T> input,
                      const PackedWeights<T>& weights, Pixels<T> out, T* mean, T* squares,
                      T* scratch);

  /// Adds the gradient of `input` to `input_gradient` (null data: not wanted), and the weights'
  /// gradients to `depthwise_gradient` ([blocks][k * k][lanes]) and `forward_gradient`
  /// ([gathered][Up(out)]) (null: not wanted) and `bias_gradient` ([Up(out)]).
  /// `middle` is a plane for the gradient of what lies between the depthwise and the 1x1
  /// convolution (kDense: of the result), its margin 0 and at least the padding wide.
  void (*convolution_backward)(const ConvolutionShape& shape, Plane<const T> input,
                               const AffineGradient<T>& gradient, const PackedWeights<T>& weights,
                               Plane<T> middle, Plane<T> input_gradient, T* depthwise_gradient,
                               T* forward_gradient, T* bias_gradient, T* scratch);

  /// plane = plane where input > 0, else 0 (the margin excepted).
  void (*mask_by_relu)(Plane<const T> input, int64_t channels, int64_t height, int64_t width,
                       Plane<T> plane);

  /// out = plane + sum of factor * mask * values + offset. plane.data, offset: null for none.
  void (*combine)(Plane<const T> plane, const LinearTerm<T>* terms, int64_t num_terms,
                  const T* offset, int64_t channels, int64_t height, int64_t width, Pixels<T> out);

  /// out = factor * mask * gradient + slope * raw + offset; raw.data null: no such term.
  void (*affine_gradient)(const AffineGradient<T>& gradient, Pixels<const uint8_t> mask,
                          int64_t channels, int64_t pixels, Pixels<T> out);

  /// sums[t * Up(channels) + c] = sum over the pixels of gradient * mask * (values - mean), where a
  /// term's `factor` is the mean; null means 0, null values mean the sum of gradient * mask alone.
  void (*gradient_sums)(Pixels<const T> gradient, const LinearTerm<T>* terms, int64_t num_terms,
                        int64_t channels, int64_t pixels, T* sums);

  /// Each channel's mean and sum of squared deviations.
  void (*statistics)(Pixels<const T> x, int64_t channels, int64_t pixels, T* mean, T* squares);

  /// 3x3, padding 1; scratch: one row of input, [width][lanes].
  void (*max_pool)(Pixels<const T> x, int64_t channels, int64_t height, int64_t width,
                   int64_t stride, Pixels<T> out, T* scratch);
  void (*average_pool)(Pixels<const T> x, int64_t channels, int64_t height, int64_t width,
                       int64_t stride, Pixels<T> out, T* scratch);
  /// Add to `input_gradient`. The first of equal values in a window gets the gradient.
  void (*max_pool_backward)(Pixels<const T> x, Pixels<const T> out, Pixels<const T> gradient,
                            int64_t channels, int64_t height, int64_t width, int64_t stride,
                            Plane<T> input_gradient);
  void (*average_pool_backward)(Pixels<const T> gradient, int64_t channels, int64_t height,
                                int64_t width, int64_t stride, Plane<T> input_gradient);

  /// out[i] = whether a number that depends on seed and first + i, even in [0, 2^32), is at least
  /// `threshold`.
  void (*dropout_mask)(uint64_t seed, uint32_t first, uint32_t threshold, int64_t count,
                       uint8_t* out);
};

// What kernels_<variant>.cc hold; all but the portable one are for x86-64 alone.
namespace portable {
extern const KernelTable<float> kFloatTable;
extern const KernelTable<double> kDoubleTable;
}  // namespace portable
namespace avx2 {
extern const KernelTable<float> kFloatTable;
extern const KernelTable<double> kDoubleTable;
}  // namespace avx2
namespace avx512 {
extern const KernelTable<float> kFloatTable;
extern const KernelTable<double> kDoubleTable;
}  // namespace avx512
namespace avx512_bf16 {
extern const KernelTable<float> kFloatTable;
extern const KernelTable<double> kDoubleTable;
}  // namespace avx512_bf16

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_KERNEL_TABLE_H_
