#ifndef PDARTS_CLI_NETWORK_COUNTS_H_
#define PDARTS_CLI_NETWORK_COUNTS_H_

#include "absl/status/statusor.h"
#include "pdarts/core/search_space.h"

namespace pdarts {

/// What a network costs, without an auxiliary head.
struct NetworkCounts {
  double params = 0;  ///< trainable scalars
  double macs = 0;    ///< multiply-adds of one image in evaluation mode
};

/// Counts the network of an architecture at a shape, whose auxiliary head is left out.
/// \error as SearchSpace::BuildNetwork.
absl::StatusOr<NetworkCounts> CountNetwork(const SearchSpace& space,
                                           const Architecture& architecture, NetworkShape shape);

}  // namespace pdarts

#endif  // PDARTS_CLI_NETWORK_COUNTS_H_
