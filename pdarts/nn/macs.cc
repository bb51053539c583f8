#include "pdarts/nn/macs.h"

#include "ATen/ops/zeros.h"
#include "pdarts/nn/layers.h"
#include "torch/csrc/api/include/torch/utils.h"

namespace pdarts::nn {

int64_t CountMacs(Network& network, const ImageShape& image) {
  torch::NoGradGuard no_grad;
  const bool was_training = network.is_training();
  network.eval();
  at::TensorOptions options;
  const std::vector<at::Tensor> parameters = network.parameters();
  if (!parameters.empty()) options = parameters.front().options().requires_grad(false);
  MacTally tally;
  network.Forward(at::zeros({1, image.channels, image.height, image.width}, options));
  network.train(was_training);
  return tally.macs();
}

}  // namespace pdarts::nn
