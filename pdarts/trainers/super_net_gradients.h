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

/// Which gradients a pass computes; the others cost nothing.
enum class GradientOf { kWeights, kAlphas, kBoth };

/// What is computed. Where several processes have the batch, the call is collective, and each
/// process asks for the same with its own images.
struct GradientRequest {
  at::Tensor images;  ///< `[N,C,H,W]`, of the network's dtype
  at::Tensor labels;  ///< `[N]` int64
  GradientOf of = GradientOf::kBoth;
  ForwardContext context;
  /// Added to the loss when given: a scalar with a graph to alphas or weights, or undefined.
  /// The same on all processes.
  std::function<at::Tensor()> penalty;
  /// The scale of the loss that gradients are computed of; null, or one that scales nothing: none.
  /// The gradients are those of the scaled loss then (LossScale::Unscale).
  const LossScale* loss_scale = nullptr;
  /// The processes that have the batch, and what this one has of it; used where there are several.
  DataParallel parallel;
  BatchPart part;
};

/// Of the whole batch, but for the logits. The loss is the mean cross-entropy without the penalty.
struct GradientResult : PassScore {
  std::vector<at::Tensor> weights;  ///< as SuperNet::weights(); empty unless asked for
  std::vector<at::Tensor> alphas;   ///< as SuperNet::alphas(); empty unless asked for
};

/// Loss and gradients of one batch in the network's mode. Parameters' `grad` stays untouched; a
/// parameter that the loss doesn't depend on has a gradient of zeros. Throws CommunicationError.
GradientResult ComputeGradients(SuperNet& net, const GradientRequest& request);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_SUPER_NET_GRADIENTS_H_
