#ifndef PDARTS_CORE_NETWORK_H_
#define PDARTS_CORE_NETWORK_H_

#include <optional>
#include <utility>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/network_graph.h"
#include "torch/nn/module.h"

namespace pdarts {

/// Scores of a derived network.
struct NetworkOutput {
  at::Tensor logits;     ///< `[N,classes]`
  at::Tensor auxiliary;  ///< `[N,classes]` of the auxiliary head; undefined outside training
};

/// A network built from one architecture, for training from scratch (docs/algorithm.md, "The
/// derived network"). Training or evaluation mode is the module's.
class Network : public torch::nn::Module {
 public:
  /// images: `[N,C,H,W]`. Networks without drop path ignore ForwardContext::drop_path.
  NetworkOutput Forward(const at::Tensor& images, const ForwardContext& context = {}) {
    return DoForward(images, context);
  }

  /// The network as data, for export. Its tensors are the network's own.
  /// \error kUnimplemented naming the operation that doesn't describe itself, or saying that the
  /// search space's networks don't.
  absl::StatusOr<NetworkGraph> Describe() const {
    GraphBuilder builder;
    const GraphOutput output = DoDescribe(&builder);
    return std::move(builder).Finish(output.logits,
                                     output.auxiliary ? &*output.auxiliary : nullptr);
  }

 protected:
  /// Scores of a network that is being described.
  struct GraphOutput {
    GraphValue logits;
    std::optional<GraphValue> auxiliary;  ///< of the auxiliary head, where the network has one
  };

 private:
  virtual NetworkOutput DoForward(const at::Tensor& images, const ForwardContext& context) = 0;

  /// Describes what DoForward computes, to `builder`. A network that doesn't can't be exported.
  virtual GraphOutput DoDescribe(GraphBuilder* builder) const {
    return {builder->Unsupported("the network"), std::nullopt};
  }
};

}  // namespace pdarts

#endif  // PDARTS_CORE_NETWORK_H_
