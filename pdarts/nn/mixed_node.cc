#include "pdarts/nn/mixed_node.h"

#include "glog/logging.h"

namespace pdarts::nn {

at::Tensor MixedNode(const std::vector<MixedEdge>& edges, const Pass& pass, Kernels kernels) {
  CHECK(!edges.empty());
  at::Tensor sum;
  for (const MixedEdge& edge : edges) {
    const std::vector<at::Tensor> probabilities = edge.probabilities.unbind(0);
    CHECK_EQ(probabilities.size(), edge.operations->size());
    for (size_t k = 0; k < probabilities.size(); ++k) {
      const Operation& operation = *(*edge.operations)[k];
      if (operation.is_zero()) continue;
      const at::Tensor term = operation.Forward(edge.x, pass) * probabilities[k];
      sum = sum.defined() ? sum + term : term;
    }
  }
  if (sum.defined()) return sum;
  return edges[0].operations->front()->Forward(edges[0].x, pass);
}

}  // namespace pdarts::nn
