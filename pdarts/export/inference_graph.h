#ifndef PDARTS_EXPORT_INFERENCE_GRAPH_H_
#define PDARTS_EXPORT_INFERENCE_GRAPH_H_

#include "pdarts/core/network_graph.h"

namespace pdarts {

/// A graph that computes the same logits in evaluation mode, with fewer nodes. It has no auxiliary
/// head, no identities, no drop path, no zeros in sums, and nothing that the logits don't depend
/// on. Batch normalizations are folded into the convolutions before them, also where a
/// concatenation of convolutions stands between; the others stay. All its nodes belong to the
/// network itself.
/// Tensors that are folded are new ones; the others are those of `graph`.
NetworkGraph InferenceGraph(const NetworkGraph& graph);

}  // namespace pdarts

#endif  // PDARTS_EXPORT_INFERENCE_GRAPH_H_
