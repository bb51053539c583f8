#ifndef PDARTS_DEVICE_OPERATORS_H_
#define PDARTS_DEVICE_OPERATORS_H_

#include <cstdint>

#include "ATen/core/Tensor.h"

namespace pdarts::operators {

// Operators of LibTorch, "pdarts::NAME", with a kernel for the CPU and, in a build with
// --config=cuda, one for CUDA. Each call is one operation of the device: nothing is copied from or
// to the host, and nobody waits for the device. What an operator draws has the bits that Masks and
// DropoutMask draw on the CPU; a CUDA device computes the logarithms and cosines of NormalNoise
// otherwise, in the last bits.
//
// counter: `[3]` int64, Masks::Counter(). place: Masks::Place(). rate: a float64 scalar in [0, 1].
// All tensors are on one device. A wrong shape or dtype throws c10::Error.

/// `[places,images]` float32: what each image is multiplied by at each place, if it is dropped
/// there with the probability `rate`: 0 or 1 / (1 - rate), computed in float32.
at::Tensor ImageScales(const at::Tensor& counter, at::IntArrayRef places, int64_t images,
                       const at::Tensor& rate);

/// x with each element set to zero with the probability `rate`, and the others multiplied by
/// 1 / (1 - rate). The result has the sizes and the memory format of x. The function is linear in
/// x, and its gradient is the same function of the result's gradient; this operator has no
/// autograd. \param x `[N,C,H,W]`: float64, float32, or a 16-bit type, whose product is computed in
/// float32. \param rounds_scale_once whether 1 / (1 - rate) is computed in float64 and then rounded
/// to the
///     type of the product, as the cells do it; else 1 - rate is rounded before the division, as
///     the layer does it.
at::Tensor Dropout(const at::Tensor& x, const at::Tensor& counter, int64_t place,
                   const at::Tensor& rate, bool rounds_scale_once);

/// Independent normal numbers of mean 0 and deviation 1: `[N,C,H,W]` float32, channels-last.
at::Tensor NormalNoise(const at::Tensor& counter, int64_t place, at::IntArrayRef sizes);

/// The numbers of an image in `maps` (PixelMap as numbers): top, left, whether it is flipped, the
/// first row, the end row, the first column and the end column of the part that is not 0, and then
/// kMostHoles holes.
inline constexpr int64_t kMapNumbers = 7;
/// The numbers of a hole: first row, end row, first column, end column, and whether its value is
/// that of black, instead of 0. A hole without rows is no hole.
inline constexpr int64_t kHoleNumbers = 5;
inline constexpr int64_t kMostHoles = 4;
inline constexpr int64_t kImageNumbers = kMapNumbers + kMostHoles * kHoleNumbers;

/// Images after pad-and-crop, flip, normalization and cutout.
/// \param images `[N,C,H,W]` uint8, contiguous.
/// \param maps `[N,kImageNumbers]` int32: what happens to each image.
/// \param table `[C,256]` float32 or float64: the normalized value of each byte.
/// \return `[N,C,H,W]` of the table's dtype.
at::Tensor TransformSmallImages(const at::Tensor& images, const at::Tensor& maps,
                                const at::Tensor& table);

}  // namespace pdarts::operators

#endif  // PDARTS_DEVICE_OPERATORS_H_
