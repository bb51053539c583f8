#include "pdarts/core/derived_architecture.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {

absl::Status CheckFound(const SearchSpace& space, const DerivedArchitecture& found) {
  PDARTS_RETURN_IF_ERROR(Annotate(space.CheckArchitecture(found.architecture()), "architecture"));
  const absl::StatusOr<Architecture> of_text = space.Parse(found.text());
  PDARTS_RETURN_IF_ERROR(Annotate(of_text.status(), "text"));
  PDARTS_ASSIGN_OR_RETURN(const std::string architecture, space.Format(found.architecture()));
  PDARTS_ASSIGN_OR_RETURN(const std::string text, space.Format(*of_text));
  if (text == architecture) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("text: it is ", text, ", but the architecture is ", architecture));
}

}  // namespace pdarts
