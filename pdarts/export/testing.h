#ifndef PDARTS_EXPORT_TESTING_H_
#define PDARTS_EXPORT_TESTING_H_

#include <memory>
#include <string>
#include <vector>

#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/network.h"
#include "pdarts/core/search_space.h"

namespace pdarts {

/// A space and a skeleton whose networks the tests export, with a small size.
struct TestedNetworks {
  std::string space;
  NetworkShape shape;
};

/// The DARTS space with both skeletons, and NAS-Bench-201.
std::vector<TestedNetworks> AllTestedNetworks();

/// A network in evaluation mode whose batch normalizations change their inputs clearly. Some
/// variances are small, so that another epsilon would change the logits.
std::shared_ptr<Network> RandomNetwork(const SearchSpace& space, const Architecture& architecture,
                                       const NetworkShape& shape, int seed);

}  // namespace pdarts

#endif  // PDARTS_EXPORT_TESTING_H_
