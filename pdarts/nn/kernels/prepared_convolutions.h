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

/// Convolutions of one input, behind a ReLU. The weights are packed only once for each size of
/// images.
class PreparedConvolutions {
 public:
  /// instructions: for the loops. Every kind of convolution may have a bias for its output
  /// channels.
  PreparedConvolutions(InstructionSet instructions, std::vector<ReluConvolution> convolutions);
  ~PreparedConvolutions();

  /// The result of each convolution for relu(x), channels-last. Only one thread at a time may call
  /// it.
  std::vector<at::Tensor> Run(const at::Tensor& x);

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

/// Writes the sum of one or more values to `to`, which has their shape.
void AddUp(InstructionSet instructions, const std::vector<at::Tensor>& values,
           const at::Tensor& to);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_PREPARED_CONVOLUTIONS_H_
