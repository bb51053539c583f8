#ifndef PDARTS_EXPORT_GRAPH_NETWORK_H_
#define PDARTS_EXPORT_GRAPH_NETWORK_H_

#include <memory>

#include "pdarts/core/backend.h"
#include "pdarts/core/network.h"
#include "pdarts/core/network_graph.h"

namespace pdarts {

/// A network for evaluation that computes the logits of a graph. It has no trainable parameters,
/// and it computes in the type of the graph's tensors.
///
/// With a FUSED backend and float32, the loops of pdarts/nn/kernels compute sums, and a ReLU
/// together with the convolutions after it. Their weights are packed once. All other nodes, and all
/// nodes with a REFERENCE backend, are computed one by one with LibTorch's operators, in the memory
/// format of the images. Only one thread at a time may call Forward.
/// \param graph an InferenceGraph, in which batch normalizations are folded. Any other graph is
/// allowed too.
std::shared_ptr<Network> MakeGraphNetwork(NetworkGraph graph, const Backend& backend);

}  // namespace pdarts

#endif  // PDARTS_EXPORT_GRAPH_NETWORK_H_
