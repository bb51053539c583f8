// The main program of a pdarts_training target: a training of the spec that was built into it.

#include "absl/strings/str_cat.h"
#include "pdarts/cli/embedded_spec.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/train_network.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {
namespace {

absl::Status Run(int argc, char** argv) {
  const std::vector<std::string> arguments = InitProgram(
      argc, argv, absl::StrCat("Runs the training of ", kEmbeddedSpecFile, ". Flags are below."));
  if (!arguments.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("unexpected argument \"", arguments[0], "\"; flags begin with --"));
  }
  PDARTS_RETURN_IF_ERROR(CheckFlagsOf("this training", TrainFlags()));
  TrainSpec spec;
  PDARTS_RETURN_IF_ERROR(ParseSpecInto(kEmbeddedSpec, kEmbeddedSpecFile, &spec));
  return TrainFromSpec(std::move(spec));
}

}  // namespace
}  // namespace pdarts

int main(int argc, char** argv) { return pdarts::Report(pdarts::Run(argc, argv)); }
