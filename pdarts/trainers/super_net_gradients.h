#ifndef PDARTS_TRAINERS_SUPER_NET_GRADIENTS_H_
#define PDARTS_TRAINERS_SUPER_NET_GRADIENTS_H_

#include <functional>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/trainers/data_parallel.h"
#include "pdarts/trainers/loss_scale.h"

namespace pdarts {

class SuperNet;

/// The gradients that a pass computes. The others cost no time.
enum class GradientOf { kWeights, kAlphas, kBoth };

/// The input of a pass. If several processes share the batch, the call is collective, and each
/// process passes the same request with its own images.
struct GradientRequest {
  at::Tensor images;  ///< `[N,C,H,W]`, of the network's dtype
  at::Tensor labels;  ///< `[N]` int64
  GradientOf of = GradientOf::kBoth;
  ForwardContext context;
  /// A penalty that is added to the loss if it is set: a scalar with a graph to alphas or weights,
  /// or undefined. It must be the same on all processes.
  std::function<at::Tensor()> penalty;
  /// The scale of the loss before its gradients are computed. The gradients are then those of the
  /// scaled loss (LossScale::Unscale). Null, or an object that does not scale: no scale.
  const LossScale* loss_scale = nullptr;
  /// The processes that share the batch, and the share of this process. Used if there are several
  /// processes.
  DataParallel parallel;
  BatchPart part;
};

/// The result for the complete batch, except for the logits. The loss is the mean cross-entropy
/// without the penalty.
struct GradientResult : PassScore {
  std::vector<at::Tensor> weights;  ///< as SuperNet::weights(); empty unless requested
  std::vector<at::Tensor> alphas;   ///< as SuperNet::alphas(); empty unless requested
};

/// Loss and gradients of one batch in the current mode of the network. `grad` of the parameters
/// does not change. If the loss does not depend on a parameter, its gradient is zero. Throws
/// CommunicationError.
GradientResult ComputeGradients(SuperNet& super_net, const GradientRequest& request);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_SUPER_NET_GRADIENTS_H_
