#ifndef PDARTS_EXPORT_INFERENCE_GRAPH_H_
#define PDARTS_EXPORT_INFERENCE_GRAPH_H_

#include "pdarts/core/network_graph.h"

namespace pdarts {

/// A graph that computes the same logits in evaluation mode, with fewer nodes. It has no auxiliary
/// head, no identities, no drop path, no zeros in sums, and no nodes on which the logits do not
/// depend. Batch normalizations are folded into the convolutions before them, even if there is a
/// concatenation of convolutions between. Other batch normalizations stay. All its nodes belong to
/// the network itself, not to modules. Folded tensors are new. The other tensors are those of
/// `graph`.
NetworkGraph InferenceGraph(const NetworkGraph& graph);

}  // namespace pdarts

#endif  // PDARTS_EXPORT_INFERENCE_GRAPH_H_
