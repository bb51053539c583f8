#include "pdarts/nn/network_counts.h"

#include <memory>

#include "pdarts/base/status_macros.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/super_net.h"
#include "pdarts/nn/macs.h"

namespace pdarts {

NetworkCounts CountNetwork(Network& network, const ImageShape& image) {
  return {static_cast<double>(CountParameters(network)),
          static_cast<double>(nn::CountMacs(network, image))};
}

absl::StatusOr<NetworkCounts> CountNetwork(const SearchSpace& space,
                                           const Architecture& architecture, NetworkShape shape) {
  shape.auxiliary_head = false;
  PDARTS_ASSIGN_OR_RETURN(const std::shared_ptr<Network> network,
                          space.BuildNetwork(architecture, shape, MakeGenerator(0, "count")));
  return CountNetwork(*network, shape.image);
}

}  // namespace pdarts
