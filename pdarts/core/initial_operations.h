#ifndef PDARTS_CORE_INITIAL_OPERATIONS_H_
#define PDARTS_CORE_INITIAL_OPERATIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// The operations that a search space's config names as the ones that an edge begins a search with.
/// field: where the names stand, for errors. without: an operation that may not be derived, or
/// empty.
/// \error kInvalidArgument naming the field if a name is unknown, doubled or out of the order of
/// `kind`, or if there is nothing but `without`.
absl::StatusOr<EdgeCandidates> InitialOperations(const CellKind& kind,
                                                 const std::vector<std::string>& names,
                                                 absl::string_view field,
                                                 absl::string_view without);

}  // namespace pdarts

#endif  // PDARTS_CORE_INITIAL_OPERATIONS_H_
