// The main program of a pdarts_experiment target: a search of the spec that was built into it.

#include "absl/strings/str_cat.h"
#include "pdarts/cli/embedded_spec.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/search_experiment.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {
namespace {

absl::Status Run(int argc, char** argv) {
  const std::vector<std::string> arguments = InitProgram(
      argc, argv, absl::StrCat("Runs the search of ", kEmbeddedSpecFile, ". Flags are below."));
  if (!arguments.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("unexpected argument \"", arguments[0], "\"; flags begin with --"));
  }
  PDARTS_RETURN_IF_ERROR(CheckFlagsOf("this experiment", SearchFlags()));
  PDARTS_ASSIGN_OR_RETURN(ExperimentSpec spec, ParseSpec(kEmbeddedSpec, kEmbeddedSpecFile));
  return SearchExperiment(std::move(spec));
}

}  // namespace
}  // namespace pdarts

int main(int argc, char** argv) { return pdarts::Report(pdarts::Run(argc, argv)); }
