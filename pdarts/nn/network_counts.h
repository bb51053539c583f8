#ifndef PDARTS_NN_NETWORK_COUNTS_H_
#define PDARTS_NN_NETWORK_COUNTS_H_

#include "absl/status/statusor.h"
#include "pdarts/core/search_space.h"

namespace pdarts {

class Network;

/// The cost of a network without an auxiliary head.
struct NetworkCounts {
  double params = 0;  ///< trainable scalars
  double macs = 0;    ///< multiply-adds of one image in evaluation mode
};

/// Counts a network that was built without auxiliary head, for one image. Computes one forward
/// pass.
NetworkCounts CountNetwork(Network& network, const ImageShape& image);

/// Counts the network of an architecture at a shape, without the auxiliary head. \error as
/// SearchSpace::BuildNetwork.
absl::StatusOr<NetworkCounts> CountNetwork(const SearchSpace& space,
                                           const Architecture& architecture, NetworkShape shape);

}  // namespace pdarts

#endif  // PDARTS_NN_NETWORK_COUNTS_H_
