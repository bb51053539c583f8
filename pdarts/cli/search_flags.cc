#include "pdarts/cli/search_flags.h"

#include <utility>

#include "pdarts/base/status_macros.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/session_flags.h"
#include "pdarts/sessions/search_experiment.h"

namespace pdarts {
namespace {

absl::StatusOr<ExperimentSpec> WithFlags(absl::StatusOr<ExperimentSpec> given) {
  PDARTS_ASSIGN_OR_RETURN(ExperimentSpec spec, std::move(given));
  PDARTS_RETURN_IF_ERROR(ApplyFlags(&spec));
  return spec;
}

}  // namespace

absl::Status SearchFromFlags(absl::StatusOr<ExperimentSpec> spec, ProcessGroup& processes) {
  return SearchExperiment(WithFlags(std::move(spec)), SessionOptionsFromFlags(), processes);
}

}  // namespace pdarts
