#ifndef PDARTS_CORE_DERIVED_ARCHITECTURE_H_
#define PDARTS_CORE_DERIVED_ARCHITECTURE_H_

#include "absl/status/status.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/search_space.h"

namespace pdarts {

/// The check of what a file says that a search found, as strict as that of what a user types.
/// \error kInvalidArgument unless the architecture is one of the space and the text is that
/// architecture's.
absl::Status CheckFound(const SearchSpace& space, const DerivedArchitecture& found);

}  // namespace pdarts

#endif  // PDARTS_CORE_DERIVED_ARCHITECTURE_H_
