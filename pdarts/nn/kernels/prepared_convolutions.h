#ifndef PDARTS_NN_KERNELS_PREPARED_CONVOLUTIONS_H_
#define PDARTS_NN_KERNELS_PREPARED_CONVOLUTIONS_H_

#include <memory>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/core/backend.h"
#include "pdarts/nn/kernels/convolution.h"

namespace pdarts::nn {

// For networks that only evaluate: weights do not change, and there are no gradients. Activations
// are `[N,C,H,W]` float32, either channels-last in memory or some of the channels of such a tensor.
// Other activations are copied.

/// Convolutions of one input, behind a ReLU. Run packs the weights in its first call, and again if
/// the sides of the images differ from those of the previous call.
class PreparedConvolutions {
 public:
  /// instructions: for the loops. The weights are float32 on the CPU; Run dies otherwise. Every
  /// kind of convolution may have a bias, `[Co]`, whose size is not checked. Dies if there is no
  /// convolution.
  PreparedConvolutions(InstructionSet instructions, std::vector<ReluConvolution> convolutions);
  ~PreparedConvolutions();

  /// The result of each convolution for relu(x): `[N,Co,H',W']` float32, channels-last, with the
  /// sides of nn::Convolve. Only one thread at a time may call it. Dies if x is not float32, if it
  /// does not have the input channels of the convolutions, or if a convolution does not fit the
  /// images (Describe).
  std::vector<at::Tensor> Run(const at::Tensor& x);

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

/// Writes the sum of one or more values to `to`. Dies if there is no value, if a value does not
/// have the shape of `to`, if a tensor is not float32, or if `to` is neither channels-last nor some
/// of the channels of such a tensor.
void AddUp(InstructionSet instructions, const std::vector<at::Tensor>& values,
           const at::Tensor& to);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_PREPARED_CONVOLUTIONS_H_
