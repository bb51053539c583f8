#ifndef PDARTS_CORE_NETWORK_H_
#define PDARTS_CORE_NETWORK_H_

#include "ATen/core/Tensor.h"
#include "pdarts/core/forward_context.h"
#include "torch/nn/module.h"

namespace pdarts {

/// Scores of a derived network.
struct NetworkOutput {
  at::Tensor logits;     ///< `[N,classes]`
  at::Tensor auxiliary;  ///< `[N,classes]` of the auxiliary head; undefined outside training
};

/// A network built from one architecture, for training from scratch (ALGORITHM 4). Training or
/// evaluation mode is the module's.
class Network : public torch::nn::Module {
 public:
  /// images: `[N,C,H,W]`. Networks without drop path ignore ForwardContext::drop_path.
  NetworkOutput Forward(const at::Tensor& images, const ForwardContext& context = {}) {
    return DoForward(images, context);
  }

 private:
  virtual NetworkOutput DoForward(const at::Tensor& images, const ForwardContext& context) = 0;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_NETWORK_H_
