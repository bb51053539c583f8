#ifndef PDARTS_DEVICE_OPERATORS_H_
#define PDARTS_DEVICE_OPERATORS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "ATen/core/Tensor.h"

namespace pdarts::operators {

// Operators of LibTorch, "pdarts::NAME", with a kernel for the CPU and, in a build with
// --config=cuda, one for CUDA. Each call is one operation of the device. It copies nothing from or
// to the host, and does not wait for the device. The random bits of the operators are those of
// Masks and DropoutMask on the CPU. A CUDA device computes different last bits of the logarithms
// and cosines of NormalNoise.
//
// counter: `[3]` int64, Masks::Counter(). place: Masks::Place(). rate: a float64 scalar in [0, 1].
// All tensors are on one device. A wrong shape or dtype throws c10::Error.

/// `[places,images]` float32: the scale of each image at each place. It is 0 with the probability
/// `rate`, and otherwise 1 / (1 - rate), computed in float32.
at::Tensor ImageScales(const at::Tensor& counter, at::IntArrayRef places, int64_t images,
                       const at::Tensor& rate);

/// Sets each element of x to zero with the probability `rate`, and multiplies the others by 1 / (1
/// - rate). The result has the sizes and the memory format of x. The function is linear in x, and
/// its gradient is the same function of the gradient of the result. This operator has no autograd.
/// \param x `[N,C,H,W]`: float64, float32, or a 16-bit type, whose product is computed in float32.
/// \param rounds_scale_once true: 1 / (1 - rate) is computed in float64 and then rounded to the
///     type of the product, as in cells. false: 1 - rate is rounded before the division, as in the
///     layer.
at::Tensor Dropout(const at::Tensor& x, const at::Tensor& counter, int64_t place,
                   const at::Tensor& rate, bool rounds_scale_once);

/// The type of the sums over values of this type.
inline at::ScalarType SumType(at::ScalarType values) {
  return values == at::kDouble ? at::kDouble : at::kFloat;
}

/// A summand of SumTerms. All of its tensors are on one device.
struct Summand {
  at::Tensor value;                      ///< `[N,C,H,W]`: float64, float32, or a 16-bit type
  at::Tensor gate;                       ///< of the sizes and the type of the value, or undefined
  at::Tensor image_scale;                ///< `[N]` float32: a factor of each image, or undefined
  int64_t coefficient = kNoCoefficient;  ///< the number of a coefficient that is a factor
  double scale = 1;                      ///< a factor
  /// The place of dropout (Masks::Place), or no value. The dropout is Dropout with
  /// rounds_scale_once.
  std::optional<int64_t> place;

  static constexpr int64_t kNoCoefficient = -1;
};

/// The numbers that the dropout of summands depends on; undefined if no summand has dropout.
struct SummandDropout {
  at::Tensor counter, rate;
};

/// The sum of the summands: their values after dropout, multiplied by their factors. An element of
/// a summand is 0 where its gate is 0 or less, like the gradient of a ReLU. `[N,C,H,W]`,
/// contiguous, of the type of the values. All values have the same sizes and type. Sums and factors
/// have SumType. The operator has no autograd. \param coefficients one-dimensional, of SumType. It
/// may be undefined if no summand
///     has a coefficient.
at::Tensor SumTerms(const std::vector<Summand>& summands, const at::Tensor& coefficients,
                    const SummandDropout& dropout);

/// `[summands,N]` of SumType: the sums over the elements of each image of a summand,
/// multiplied by the elements of the tensor from `others` with the same number. Coefficients have
/// no effect, but all other factors have one. `others` have the sizes and the type of the values.
at::Tensor TermProducts(const std::vector<Summand>& summands, const std::vector<at::Tensor>& others,
                        const SummandDropout& dropout);

/// Independent numbers of the standard normal distribution: `[N,C,H,W]` float32, channels-last.
at::Tensor NormalNoise(const at::Tensor& counter, int64_t place, at::IntArrayRef sizes);

/// The numbers of an image in `maps` (a PixelMap as numbers): top; left; whether it is flipped; the
/// first row, the end row, the first column and the end column of the part that is not 0; and then
/// kMostHoles holes.
inline constexpr int64_t kMapNumbers = 7;
/// The numbers of a hole: first row, end row, first column, end column, and whether its value is
/// that of black instead of 0. A hole without rows has no effect.
inline constexpr int64_t kHoleNumbers = 5;
inline constexpr int64_t kMostHoles = 4;
inline constexpr int64_t kImageNumbers = kMapNumbers + kMostHoles * kHoleNumbers;

/// Images after pad-and-crop, flip, normalization and cutout.
/// \param images `[N,C,H,W]` uint8, contiguous.
/// \param maps `[N,kImageNumbers]` int32: the transform of each image.
/// \param table `[C,256]` float32 or float64: the normalized value of each byte. \return
///     `[N,C,H,W]` of the table's dtype.
at::Tensor TransformSmallImages(const at::Tensor& images, const at::Tensor& maps,
                                const at::Tensor& table);

}  // namespace pdarts::operators

#endif  // PDARTS_DEVICE_OPERATORS_H_
