#ifndef PDARTS_CORE_INITIAL_OPERATIONS_H_
#define PDARTS_CORE_INITIAL_OPERATIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// The initial candidates of an edge, from the names of operations in the config of a search space.
/// field: the field with the names, for errors. without: an operation that may not be derived, or
/// empty.
/// \error kInvalidArgument naming the field if a name is unknown, occurs twice or is not in the
/// order of `kind`, or if `without` is the only operation.
absl::StatusOr<EdgeCandidates> InitialOperations(const CellKind& kind,
                                                 const std::vector<std::string>& names,
                                                 absl::string_view field,
                                                 absl::string_view without);

}  // namespace pdarts

#endif  // PDARTS_CORE_INITIAL_OPERATIONS_H_
