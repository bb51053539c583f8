#ifndef PDARTS_NN_COST_MODEL_H_
#define PDARTS_NN_COST_MODEL_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/topology.h"
#include "pdarts/nn/network_counts.h"

namespace pdarts::nn {

/// Any architecture of the space: the one that is derived from equal probabilities of all
/// candidates. \error as SearchSpace::Derive.
absl::StatusOr<Architecture> AnyArchitecture(const SearchSpace& space);

/// The cost of one occurrence of an operation at a place.
using PlaceCost = std::function<absl::StatusOr<double>(const std::string& operation,
                                                       const OperationPlace& place)>;

/// The cost of each operation in the network of a shape: the sum over the cells that have the edge.
/// Calls `cost` once for each different operation and place.
/// \error kUnimplemented if the space does not state the places of its operations; errors of
/// `cost`.
absl::StatusOr<OperationCosts> SumOperationCosts(const SearchSpace& space,
                                                 const NetworkShape& shape, const PlaceCost& cost);

/// Costs of the networks of a shape as a sum: one part that all networks have, and one part for the
/// operation of each edge. The sum is exact, because the cost of an operation does not depend on
/// the other operations.
class CostModel {
 public:
  /// fixed: the part that all networks have.
  CostModel(Topology topology, double fixed, OperationCosts operations);

  double fixed() const { return fixed_; }
  const OperationCosts& operations() const { return operations_; }

  /// The cost of the network of an architecture. The architecture must fit the topology.
  double Of(const Architecture& architecture) const;

 private:
  Topology topology_;
  double fixed_;
  OperationCosts operations_;
};

/// The cost models of the parameters and of the multiply-adds for one image, as CountNetwork counts
/// them.
struct CountModels {
  CostModel params, macs;

  /// Counts one network and each operation once.
  /// \error as SumOperationCosts and SearchSpace::BuildNetwork.
  static absl::StatusOr<CountModels> Make(const SearchSpace& space, const NetworkShape& shape);
};

}  // namespace pdarts::nn

#endif  // PDARTS_NN_COST_MODEL_H_
