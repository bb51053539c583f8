#include "tests/batteries/make_spec.h"

#include "pdarts/base/status_macros.h"
#include "pdarts/core/spec.h"

namespace pdarts {

absl::Status MakeSpec(const std::string& text, const std::vector<std::string>& settings,
                      google::protobuf::Message* spec) {
  PDARTS_RETURN_IF_ERROR(ParseSpecInto(text, "tiny", spec));
  PDARTS_RETURN_IF_ERROR(CompleteSpec(spec));
  for (const std::string& setting : settings) {
    PDARTS_RETURN_IF_ERROR(SetField(spec, setting));
  }
  return absl::OkStatus();
}

}  // namespace pdarts
