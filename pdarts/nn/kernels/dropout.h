#ifndef PDARTS_NN_KERNELS_DROPOUT_H_
#define PDARTS_NN_KERNELS_DROPOUT_H_

#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/masks.h"
#include "pdarts/core/rate.h"

namespace pdarts::nn {

/// A uint8 mask on the CPU, channels-last, whose elements are 0 with this probability and 1 else.
/// The mask of an image depends on the image's sizes and on the bits that `masks` has for it only:
/// not on the batch, the processor, the number of threads or LibTorch. sizes: `[N,C,H,W]`. Throws
/// c10::Error naming the sizes if an image has 2^32 elements or more. Dies unless probability is in
/// [0, 1]. instructions: only for the tests, because all sets draw the same.
at::Tensor DropoutMask(at::IntArrayRef sizes, double probability, const Masks& masks,
                       InstructionSet instructions = BestInstructionSet());

/// Independent normal numbers of mean 0 and deviation 1: `[N,C,H,W]` float32, channels-last, on the
/// device of the masks. What an image gets depends on the same as in DropoutMask; throws as
/// DropoutMask.
at::Tensor NormalNoise(at::IntArrayRef sizes, const Masks& masks);

/// How the number 1 / (1 - rate) is rounded. Both ways give the same float64.
enum class DropoutScale {
  kOfLayer,  ///< 1 - rate is rounded, and then the quotient
  kOfCell,   ///< only the quotient is rounded
};

/// x with each element set to zero with the probability `rate`, and the others multiplied by
/// 1 / (1 - rate). The elements are those of DropoutMask. If the masks draw on a device, the call
/// is one operation of the device, and so is its backward pass, which draws the mask again.
/// x: `[N,C,H,W]`; activations of 16 bits are computed with in float32. Throws as DropoutMask.
at::Tensor DropElements(const at::Tensor& x, const Rate& rate, const Masks& masks,
                        DropoutScale scale = DropoutScale::kOfLayer);

/// Dropout of a value that is drawn on a device where the value is used: DropElements with kOfCell.
struct DeviceDropout {
  Rate rate;
  Masks masks;
};

/// What each image is multiplied by at each place, if it is dropped there with the probability
/// `rate`: 0, or 1 / (1 - rate). `[images]` float32 for each element of `places`, on the device of
/// the masks: one operation of the device for all of them. rate: above 0. places: masks of one
/// pass.
std::vector<at::Tensor> ImageScales(const std::vector<Masks>& places, int64_t images,
                                    const Rate& rate);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_DROPOUT_H_
