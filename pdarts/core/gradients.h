#ifndef PDARTS_CORE_GRADIENTS_H_
#define PDARTS_CORE_GRADIENTS_H_

#include <functional>
#include <vector>

#include "ATen/core/Tensor.h"

namespace pdarts {

/// Which gradients a pass computes; the others cost nothing.
enum class GradientOf { kWeights, kAlphas, kBoth };

struct GradientRequest {
  at::Tensor images;  ///< `[N,C,H,W]`, of the network's dtype
  at::Tensor labels;  ///< `[N]` int64
  GradientOf of = GradientOf::kBoth;
  /// Whether running statistics of batch normalisations move in this pass.
  bool update_statistics = true;
  /// Whether the pass drops edges where a knob says so: the weights' loss does, the alphas'
  /// doesn't.
  bool drop_edges = true;
  /// Added to the loss when given: a scalar with a graph to alphas or weights, or undefined.
  std::function<at::Tensor()> penalty;
};

struct GradientResult {
  at::Tensor loss;                  ///< mean cross-entropy, scalar, without the penalty, detached
  at::Tensor logits;                ///< `[N,classes]`, detached
  std::vector<at::Tensor> weights;  ///< as SuperNet::weights(); empty unless asked for
  std::vector<at::Tensor> alphas;   ///< as SuperNet::alphas(); empty unless asked for
};

}  // namespace pdarts

#endif  // PDARTS_CORE_GRADIENTS_H_
