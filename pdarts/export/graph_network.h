#ifndef PDARTS_EXPORT_GRAPH_NETWORK_H_
#define PDARTS_EXPORT_GRAPH_NETWORK_H_

#include <memory>

#include "pdarts/core/network.h"
#include "pdarts/core/network_graph.h"

namespace pdarts {

/// A network for evaluation that computes the logits of a graph node by node with LibTorch's
/// operators, such as an InferenceGraph for measuring the latency with folded batch normalizations.
/// It has no parameters that could be trained. It computes in the type of the graph's tensors and
/// keeps the images' memory format.
std::shared_ptr<Network> MakeGraphNetwork(NetworkGraph graph);

}  // namespace pdarts

#endif  // PDARTS_EXPORT_GRAPH_NETWORK_H_
