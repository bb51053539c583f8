#include "pdarts/nn/cost_model.h"

#include <algorithm>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/nn/network_counts.h"

namespace pdarts::nn {

absl::StatusOr<Architecture> AnyArchitecture(const SearchSpace& space) {
  PDARTS_ASSIGN_OR_RETURN(const Candidates candidates, space.InitialCandidates());
  EdgeProbabilities even;
  for (const CellCandidates& kind : candidates) {
    auto& of_kind = even.emplace_back();
    for (const EdgeCandidates& edge : kind) {
      of_kind.emplace_back(edge.size(), 1 / static_cast<double>(edge.size()));
    }
  }
  PDARTS_ASSIGN_OR_RETURN(Derivation derivation, space.Derive(candidates, even, {}));
  return std::move(derivation.architecture);
}

absl::StatusOr<OperationCosts> SumOperationCosts(const SearchSpace& space,
                                                 const NetworkShape& shape, const PlaceCost& cost) {
  const OperationPlaces places = space.operation_places(shape);
  if (places.empty()) {
    return absl::UnimplementedError(
        absl::StrCat("the search space ", space.name(),
                     " does not say where its networks have operations, so that their costs are "
                     "not known"));
  }
  std::map<std::tuple<std::string, int, int, int, int>, double> known;
  OperationCosts costs;
  for (size_t k = 0; k < places.size(); ++k) {
    auto& of_kind = costs.emplace_back();
    for (const std::vector<OperationPlace>& of_edge : places[k]) {
      auto& of_operations = of_kind.emplace_back();
      for (const std::string& operation : space.topology().kinds[k].operations) {
        double sum = 0;
        for (const OperationPlace& place : of_edge) {
          const auto key = std::make_tuple(operation, place.input.channels, place.input.height,
                                           place.input.width, place.stride);
          auto found = known.find(key);
          if (found == known.end()) {
            PDARTS_ASSIGN_OR_RETURN(const double once, cost(operation, place));
            found = known.emplace(key, once).first;
          }
          sum += place.cells * found->second;
        }
        of_operations.push_back(sum);
      }
    }
  }
  return costs;
}

CostModel::CostModel(Topology topology, double fixed, OperationCosts operations)
    : topology_(std::move(topology)), fixed_(fixed), operations_(std::move(operations)) {}

double CostModel::Of(const Architecture& architecture) const {
  double sum = fixed_;
  for (size_t k = 0; k < topology_.kinds.size(); ++k) {
    const CellKind& kind = topology_.kinds[k];
    for (const ArchitectureEdge& edge : architecture.cells(static_cast<int>(k)).edges()) {
      const auto place =
          std::find(kind.edges.begin(), kind.edges.end(), Edge{edge.from(), edge.to()});
      sum += operations_[k][place - kind.edges.begin()][OperationIndex(kind, edge.operation())];
    }
  }
  return sum;
}

absl::StatusOr<CountModels> CountModels::Make(const SearchSpace& space, const NetworkShape& shape) {
  PDARTS_ASSIGN_OR_RETURN(const Architecture any, AnyArchitecture(space));
  PDARTS_ASSIGN_OR_RETURN(const NetworkCounts counted, CountNetwork(space, any, shape));
  std::vector<double> macs_of_calls;
  PDARTS_ASSIGN_OR_RETURN(
      OperationCosts params,
      SumOperationCosts(
          space, shape,
          [&](const std::string& operation, const OperationPlace& place) -> absl::StatusOr<double> {
            const std::shared_ptr<Network> network =
                space.BuildOperation(operation, place, shape, MakeGenerator(0, "count"));
            const NetworkCounts counts = CountNetwork(*network, place.input);
            macs_of_calls.push_back(counts.macs);
            return counts.params;
          }));
  // The calls have the same order as before.
  auto next_macs = macs_of_calls.begin();
  PDARTS_ASSIGN_OR_RETURN(
      OperationCosts macs,
      SumOperationCosts(space, shape, [&](const std::string&, const OperationPlace&) {
        return absl::StatusOr<double>(*next_macs++);
      }));
  const auto model = [&](OperationCosts operations, double of_network) {
    const double of_operations = CostModel(space.topology(), 0, operations).Of(any);
    return CostModel(space.topology(), of_network - of_operations, std::move(operations));
  };
  return CountModels{model(std::move(params), counted.params),
                     model(std::move(macs), counted.macs)};
}

}  // namespace pdarts::nn
