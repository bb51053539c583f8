#ifndef PDARTS_BASE_STATUS_MACROS_H_
#define PDARTS_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

/// Returns from the calling function with the status of `expression`, unless the status is OK.
#define PDARTS_RETURN_IF_ERROR(expression)         \
  do {                                             \
    absl::Status pdarts_status = (expression);     \
    if (!pdarts_status.ok()) return pdarts_status; \
  } while (false)

/// Declares or assigns `lhs` from a `StatusOr`, or returns from the calling function with its
/// status.
#define PDARTS_ASSIGN_OR_RETURN(lhs, expression) \
  PDARTS_ASSIGN_OR_RETURN_IMPL(PDARTS_CONCAT(pdarts_status_or, __LINE__), lhs, expression)
#define PDARTS_CONCAT_INNER(a, b) a##b
#define PDARTS_CONCAT(a, b) PDARTS_CONCAT_INNER(a, b)
// NOLINTBEGIN(bugprone-macro-parentheses): a declaration cannot be in parentheses.
#define PDARTS_ASSIGN_OR_RETURN_IMPL(status_or, lhs, expression) \
  auto status_or = (expression);                                 \
  if (!status_or.ok()) return status_or.status();                \
  lhs = std::move(status_or).value()
// NOLINTEND(bugprone-macro-parentheses)

namespace pdarts {

/// The status with `context` and ": " before its message: "runs/a: spec: name: is not set".
inline absl::Status Annotate(const absl::Status& status, absl::string_view context) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(context, ": ", status.message()));
}

}  // namespace pdarts

#endif  // PDARTS_BASE_STATUS_MACROS_H_
