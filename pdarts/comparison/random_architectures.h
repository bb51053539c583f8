#ifndef PDARTS_COMPARISON_RANDOM_ARCHITECTURES_H_
#define PDARTS_COMPARISON_RANDOM_ARCHITECTURES_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ATen/core/Generator.h"
#include "absl/status/statusor.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// Draws a random architecture. It is derived from probabilities that are drawn uniformly from the
/// simplex of the candidates of each edge.
/// \error as SearchSpace::Derive.
absl::StatusOr<Architecture> RandomArchitecture(const SearchSpace& space, at::Generator generator);

/// The negative control of a search: the same probabilities in a random order. Within a cell kind,
/// every order of the values over all edges and candidates is equally probable. So the values of an
/// edge no longer add up to 1. An architecture that is derived from these values does not depend on
/// what the search learned. `probabilities` are `[kind][edge][candidate]`.
EdgeProbabilities ShuffleProbabilities(const EdgeProbabilities& probabilities,
                                       const at::Generator& generator);

/// The condition on the costs of drawn architectures.
struct CostMatch {
  std::string unit;  ///< the unit in messages: "macs"
  std::function<absl::StatusOr<double>(const Architecture&)> cost;
  /// The costs of the architectures of the other groups, at least one. Target number i modulo the
  /// number of targets belongs to drawn architecture number i.
  std::vector<double> targets;
  double tolerance = 0;  ///< the largest relative distance from the target
};

/// Draws architectures with different canonical forms. With a larger number, the first
/// architectures are the same. If `match` is unset, any cost is allowed.
/// \error kFailedPrecondition with the number of architectures that were found, if no further one
/// is found; as RandomArchitecture and CostMatch::cost.
absl::StatusOr<std::vector<Architecture>> DrawArchitectures(const SearchSpace& space, int count,
                                                            const std::optional<CostMatch>& match,
                                                            const at::Generator& generator);

}  // namespace pdarts

#endif  // PDARTS_COMPARISON_RANDOM_ARCHITECTURES_H_
