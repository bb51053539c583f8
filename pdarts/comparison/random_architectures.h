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

/// An architecture that is drawn at random: what is derived from probabilities that are uniform on
/// the simplex of each edge's candidates.
/// \error as SearchSpace::Derive.
absl::StatusOr<Architecture> RandomArchitecture(const SearchSpace& space, at::Generator generator);

/// The negative control of a search: the same values in a random order. Within a cell kind every
/// order of the values over all edges and candidates is equally likely, so that an edge's values no
/// longer add up to 1. An architecture that is derived from them owes nothing to the search.
/// probabilities: `[kind][edge][candidate]`.
EdgeProbabilities ShuffleProbabilities(const EdgeProbabilities& probabilities,
                                       const at::Generator& generator);

/// What the costs of drawn architectures are held to.
struct CostMatch {
  std::string unit;  ///< for messages: "macs"
  std::function<absl::StatusOr<double>(const Architecture&)> cost;
  /// The costs of the architectures to compare with, at least one. Drawn architecture number i is
  /// held to target number i modulo their count.
  std::vector<double> targets;
  double tolerance = 0;  ///< the largest distance from the target, as a share of it
};

/// Draws architectures, no two of the same canonical form. More architectures begin with the same
/// ones as fewer.
/// match: unset for any cost.
/// \error kFailedPrecondition with how many there were if no further one is found; as
/// RandomArchitecture and CostMatch::cost.
absl::StatusOr<std::vector<Architecture>> DrawArchitectures(const SearchSpace& space, int count,
                                                            const std::optional<CostMatch>& match,
                                                            const at::Generator& generator);

}  // namespace pdarts

#endif  // PDARTS_COMPARISON_RANDOM_ARCHITECTURES_H_
