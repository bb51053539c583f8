#ifndef PDARTS_EXPORT_GRAPH_NETWORK_H_
#define PDARTS_EXPORT_GRAPH_NETWORK_H_

#include <memory>

#include "pdarts/core/backend.h"
#include "pdarts/core/network.h"
#include "pdarts/core/network_graph.h"

namespace pdarts {

/// A network for evaluation that computes the logits of a graph. It has no parameters that could be
/// trained, and it computes in the type of the graph's tensors.
///
/// With a FUSED backend and float32 the loops of pdarts/nn/kernels compute a ReLU with the
/// convolutions behind it, and sums, with weights that are packed once. Everything else, and all
/// with a REFERENCE backend, is computed node by node with LibTorch's operators, in the images'
/// memory format. Only one thread at a time may call Forward.
/// \param graph an InferenceGraph, so that batch normalizations are folded; any other does too.
std::shared_ptr<Network> MakeGraphNetwork(NetworkGraph graph, const Backend& backend);

}  // namespace pdarts

#endif  // PDARTS_EXPORT_GRAPH_NETWORK_H_
