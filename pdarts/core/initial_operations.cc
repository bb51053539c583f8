#include "pdarts/core/initial_operations.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace pdarts {

absl::StatusOr<EdgeCandidates> InitialOperations(const CellKind& kind,
                                                 const std::vector<std::string>& names,
                                                 absl::string_view field,
                                                 absl::string_view without) {
  EdgeCandidates initial;
  for (size_t i = 0; i < names.size(); ++i) {
    const int operation = OperationIndex(kind, names[i]);
    if (operation < 0 || (!initial.empty() && operation <= initial.back())) {
      return absl::InvalidArgumentError(absl::StrCat(
          field, "[", i, "]: \"", names[i], "\"",
          operation < 0 ? " is unknown" : " occurs twice or is out of order", "; expected some of ",
          absl::StrJoin(kind.operations, ", "), ", in this order"));
    }
    initial.push_back(operation);
  }
  if (!without.empty() && names == std::vector<std::string>{std::string(without)}) {
    return absl::InvalidArgumentError(absl::StrCat(
        field, ": there is only ", without, ", which may not be derived (allow_none is false)"));
  }
  return initial;
}

}  // namespace pdarts
