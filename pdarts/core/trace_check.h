#ifndef PDARTS_CORE_TRACE_CHECK_H_
#define PDARTS_CORE_TRACE_CHECK_H_

#include "absl/status/status.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// Whether a derivation's trace can be one of a search over this topology. It describes every edge
/// of every cell kind once, with candidates and operations of the topology and with probabilities
/// in [0, 1]; whatever else it names exists.
/// num_stages: of the search. What was pruned names a stage in [1, num_stages).
/// \error kInvalidArgument naming the entry of the trace that is wrong.
absl::Status CheckTrace(const Topology& topology, const DerivationTrace& trace, int num_stages);

}  // namespace pdarts

#endif  // PDARTS_CORE_TRACE_CHECK_H_
