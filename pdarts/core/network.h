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

/// Logits of a derived network.
struct NetworkOutput {
  at::Tensor logits;     ///< `[N,classes]`
  at::Tensor auxiliary;  ///< `[N,classes]` of the auxiliary head; undefined outside training
};

/// A network of one architecture, for training from scratch (docs/algorithm.md, "The derived
/// network"). The mode of the module decides between training and evaluation.
class Network : public torch::nn::Module {
 public:
  /// images: `[N,C,H,W]`. Networks without drop path ignore ForwardContext::drop_path.
  NetworkOutput Forward(const at::Tensor& images, const ForwardContext& context = {}) {
    return DoForward(images, context);
  }

  /// A description of the network as data, for export. Its tensors are the tensors of the network.
  /// \error kUnimplemented naming the operation that does not describe itself, or stating that the
  /// networks of the search space do not.
  absl::StatusOr<NetworkGraph> Describe() const {
    GraphBuilder builder;
    const GraphOutput output = DoDescribe(&builder);
    return std::move(builder).Finish(output.logits,
                                     output.auxiliary ? &*output.auxiliary : nullptr);
  }

 protected:
  /// Logits of a network that is being described.
  struct GraphOutput {
    GraphValue logits;
    std::optional<GraphValue> auxiliary;  ///< of the auxiliary head, if there is one
  };

 private:
  virtual NetworkOutput DoForward(const at::Tensor& images, const ForwardContext& context) = 0;

  /// Describes the computation of DoForward to `builder`. A network without a description cannot be
  /// exported.
  virtual GraphOutput DoDescribe(GraphBuilder* builder) const {
    return {builder->Unsupported("the network"), std::nullopt};
  }
};

}  // namespace pdarts

#endif  // PDARTS_CORE_NETWORK_H_
