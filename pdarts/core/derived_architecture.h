#ifndef PDARTS_CORE_DERIVED_ARCHITECTURE_H_
#define PDARTS_CORE_DERIVED_ARCHITECTURE_H_

#include "absl/status/status.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/search_space.h"

namespace pdarts {

/// Checks the derived architecture in a file as strictly as an architecture that a user types.
/// \error kInvalidArgument unless the architecture belongs to the space and the text is the text of
/// that architecture.
absl::Status CheckFound(const SearchSpace& space, const DerivedArchitecture& found);

}  // namespace pdarts

#endif  // PDARTS_CORE_DERIVED_ARCHITECTURE_H_
