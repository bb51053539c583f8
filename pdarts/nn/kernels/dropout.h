#ifndef PDARTS_NN_KERNELS_DROPOUT_H_
#define PDARTS_NN_KERNELS_DROPOUT_H_

#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/masks.h"
#include "pdarts/core/rate.h"
#include "pdarts/device/operators.h"

namespace pdarts::nn {

/// A uint8 mask on the CPU, channels-last. Elements are 0 with this probability, and otherwise 1.
/// The mask of an image depends only on the sizes of the image and on the bits of `masks` for the
/// image. It does not depend on the batch, the processor, the number of threads or LibTorch. sizes:
/// `[N,C,H,W]`. Throws c10::Error naming the sizes if an image has 2^32 elements or more. Dies
/// unless probability is in [0, 1]. instructions: only for the tests, because all instruction sets
/// draw the same mask.
at::Tensor DropoutMask(at::IntArrayRef sizes, double probability, const Masks& masks,
                       InstructionSet instructions = BestInstructionSet());

/// Independent numbers of the standard normal distribution: `[N,C,H,W]` float32, channels-last, on
/// the device of the masks. The numbers of an image depend on the same values as in DropoutMask.
/// Throws as DropoutMask.
at::Tensor NormalNoise(at::IntArrayRef sizes, const Masks& masks);

/// How the number 1 / (1 - rate) is rounded. In float64, both ways give the same number.
enum class DropoutScale {
  kOfLayer,  ///< 1 - rate is rounded, and then the quotient
  kOfCell,   ///< only the quotient is rounded
};

/// Sets each element of x to zero with the probability `rate`, and multiplies the others by 1 / (1
/// - rate). The zeros are those of DropoutMask. If the masks draw on a device, the call is one
/// operation of the device, and so is its backward pass, which draws the mask again. x:
/// `[N,C,H,W]`; activations of 16 bits are computed in float32. Throws as DropoutMask.
at::Tensor DropElements(const at::Tensor& x, const Rate& rate, const Masks& masks,
                        DropoutScale scale = DropoutScale::kOfLayer);

/// Dropout whose mask is drawn on a device when the value is used: DropElements with kOfCell.
struct DeviceDropout {
  Rate rate;
  Masks masks;
};

/// What the summands of operators::SumTerms with this dropout draw their masks from. sizes: of the
/// values. Throws as DropoutMask.
operators::SummandDropout NumbersOf(const DeviceDropout& dropout, at::IntArrayRef sizes);

/// The scale of each image at each place: 0 with the probability `rate`, and otherwise 1 / (1 -
/// rate). `[images]` float32 for each element of `places`, on the device of the masks. One
/// operation of the device computes all of them. rate: above 0. places: masks of one pass.
std::vector<at::Tensor> ImageScales(const std::vector<Masks>& places, int64_t images,
                                    const Rate& rate);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_DROPOUT_H_
