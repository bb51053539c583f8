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

/// Some architecture of the space: what is derived if all candidates are equally probable.
/// \error as SearchSpace::Derive.
absl::StatusOr<Architecture> AnyArchitecture(const SearchSpace& space);

/// What the operations of each edge cost in a network: `[kind][edge][operation of the topology]`.
using OperationCosts = std::vector<std::vector<std::vector<double>>>;

/// What an operation costs at a place, once.
using PlaceCost = std::function<absl::StatusOr<double>(const std::string& operation,
                                                       const OperationPlace& place)>;

/// What each operation costs in the network of a shape: the sum over the cells that have the edge.
/// Asks once for each different operation and place.
/// \error kUnimplemented if the space doesn't say where its operations are; those of `cost`.
absl::StatusOr<OperationCosts> SumOperationCosts(const SearchSpace& space,
                                                 const NetworkShape& shape, const PlaceCost& cost);

/// Costs of a shape's networks as a sum: one part that all networks have, and one for each edge's
/// operation. The sum is exact, because an operation's cost does not depend on the others.
class CostModel {
 public:
  /// Of the parameters and the multiply-adds of one image, as CountNetwork counts them. Counts one
  /// network and each operation once.
  /// \error as SumOperationCosts and SearchSpace::BuildNetwork.
  static absl::StatusOr<CostModel> Parameters(const SearchSpace& space, const NetworkShape& shape);
  static absl::StatusOr<CostModel> MultiplyAdds(const SearchSpace& space,
                                                const NetworkShape& shape);

  /// fixed: what all networks have.
  CostModel(Topology topology, double fixed, OperationCosts operations);

  double fixed() const { return fixed_; }
  const OperationCosts& operations() const { return operations_; }

  /// The cost of the network of an architecture that fits the topology.
  double Of(const Architecture& architecture) const;

 private:
  static absl::StatusOr<CostModel> Counted(const SearchSpace& space, const NetworkShape& shape,
                                           double NetworkCounts::*number);

  Topology topology_;
  double fixed_;
  OperationCosts operations_;
};

}  // namespace pdarts::nn

#endif  // PDARTS_NN_COST_MODEL_H_
