#ifndef PDARTS_CORE_COST_RANGE_H_
#define PDARTS_CORE_COST_RANGE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "pdarts/core/derivation.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// \error kInvalidArgument if the costs are not one finite number for each operation of each edge
/// of the topology, or if the range is empty.
absl::Status CheckCostRange(const Topology& topology, const CostRange& range);

/// Exchanges operations of a derived architecture if its cost is not in options.cost_range
/// (docs/algorithm.md, "Cost range"). The architecture keeps its edges. Among the architectures
/// with these edges whose cost is in the range, it becomes the one whose operations have the
/// greatest product of probabilities. An exchange chooses only candidates of the edge. It never
/// chooses `none`, an operation of `underivable`, or an operation that has a limit in
/// options.limits. If no such architecture has a cost in the range, it becomes one whose cost is
/// closest to the range, and a note of the trace says so. The trace records the costs and every
/// exchange.
///
/// Costs are added up in steps of 1/256 of the width of the range, so two architectures whose costs
/// are closer than that may be taken for each other. The cost of the result is exact.
/// \param options has a cost range that has passed CheckCostRange.
/// \param derivation an architecture that fits the topology, and a trace with a decision for every
///     edge.
void KeepCostRange(const Topology& topology, const std::vector<std::string>& underivable,
                   const DerivationOptions& options, Derivation* derivation);

}  // namespace pdarts

#endif  // PDARTS_CORE_COST_RANGE_H_
