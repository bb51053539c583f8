#ifndef PDARTS_CORE_NETWORK_H_
#define PDARTS_CORE_NETWORK_H_

#include <utility>

#include "ATen/core/Generator.h"
#include "ATen/core/Tensor.h"
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
  /// images: `[N,C,H,W]`.
  NetworkOutput Forward(const at::Tensor& images) { return DoForward(images); }

  /// Probability with which an edge's output is dropped for a sample in training; 0 by default.
  /// Networks without drop path ignore it.
  void set_drop_path(double probability) { drop_path_ = probability; }
  double drop_path() const { return drop_path_; }

  /// Where drop-path masks come from. Must be set before training with drop path.
  void set_generator(at::Generator generator) { generator_ = std::move(generator); }
  const at::Generator& generator() const { return generator_; }

 private:
  virtual NetworkOutput DoForward(const at::Tensor& images) = 0;

  double drop_path_ = 0;
  at::Generator generator_;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_NETWORK_H_
