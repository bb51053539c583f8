#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/core/json.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/status_macros.h"

ABSL_FLAG(std::string, to, "", "text form to write (darts: flat or nested)");

namespace pdarts {
namespace {

absl::Status Genotype(const std::vector<std::string>& arguments) {
  if (arguments.size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat("genotype takes one TEXT, got ",
                                                   arguments.size(), " (quote it for the shell)"));
  }
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<SearchSpace> space,
                          Registry<SearchSpace>::CreateDefault(absl::GetFlag(FLAGS_space)));
  std::string text = arguments[0];
  for (const auto& [name, known] : space->known_architectures()) {
    if (name == text) text = known;
  }
  PDARTS_ASSIGN_OR_RETURN(const Architecture architecture, space->Parse(text));
  DerivedArchitecture result;
  *result.mutable_architecture() = architecture;
  PDARTS_ASSIGN_OR_RETURN(*result.mutable_text(),
                          space->Format(architecture, absl::GetFlag(FLAGS_to)));
  std::cout << (absl::GetFlag(FLAGS_json) ? ToJsonLine(result) : result.text()) << "\n";
  return absl::OkStatus();
}

}  // namespace

Command GenotypeCommand() {
  return {"genotype",
          "--space=NAME --to=FORM TEXT",
          "check an architecture, write it in another form",
          {"space", "to", "json"},
          &Genotype,
          /*takes_arguments=*/true};
}

}  // namespace pdarts
