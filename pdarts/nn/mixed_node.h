#ifndef PDARTS_NN_MIXED_NODE_H_
#define PDARTS_NN_MIXED_NODE_H_

#include <memory>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/nn/operation.h"
#include "pdarts/nn/pass.h"

namespace pdarts::nn {

/// The candidate operations of one edge.
using EdgeOperations = std::vector<std::shared_ptr<Operation>>;

/// An edge into a node of a search network.
struct MixedEdge {
  at::Tensor x;  ///< `[N,C,H,W]`, the output of the node that it starts at
  const EdgeOperations* operations = nullptr;
  at::Tensor probabilities;  ///< `[K]`, one for each operation
};

/// A node: the sum over its edges of each edge's operations, weighed by their probabilities
/// (ALGORITHM 1). Operations that give zero cost nothing unless there is no other.
/// So far FUSED computes the plain composition too.
at::Tensor MixedNode(const std::vector<MixedEdge>& edges, const Pass& pass, Kernels kernels);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_MIXED_NODE_H_
