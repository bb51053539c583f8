// The general command line: `pdarts COMMAND --flags`. What plugins it knows, the binary links.

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {
namespace {

/// Sorted by name.
std::vector<Command> Commands() {
  return {
      BenchmarkCommand(), ConvertCommand(),  CountCommand(), DeriveCommand(), EvaluateCommand(),
      FetchCommand(),     GenotypeCommand(), ListCommand(),  QueryCommand(),  ReportCommand(),
      ResultsCommand(),   SearchCommand(),   SweepCommand(), TrainCommand(),
  };
}

std::string Usage() {
  std::string usage = "pdarts COMMAND [--flags]";
  for (const Command& command : Commands()) {
    absl::StrAppend(&usage, "\n  ", command.name, " ", command.usage, "\n      ", command.purpose,
                    "\n      flags: --", absl::StrJoin(command.flags, ", --"));
  }
  return usage;
}

absl::Status Run(int argc, char** argv) {
  std::vector<std::string> arguments = InitProgram(argc, argv, Usage());
  if (arguments.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("no command\n", Usage()));
  }
  const std::string name = arguments[0];
  arguments.erase(arguments.begin());
  const std::vector<Command> commands = Commands();
  const auto command = std::find_if(commands.begin(), commands.end(),
                                    [&](const Command& c) { return c.name == name; });
  if (command == commands.end()) {
    const auto name_of = [](std::string* out, const Command& c) { out->append(c.name); };
    return absl::InvalidArgumentError(absl::StrCat(
        "unknown command \"", name, "\"; known: ", absl::StrJoin(commands, ", ", name_of)));
  }
  PDARTS_RETURN_IF_ERROR(CheckFlagsOf(name, command->flags));
  if (!command->takes_arguments && !arguments.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": unexpected argument \"", arguments[0], "\""));
  }
  return command->run(arguments);
}

}  // namespace
}  // namespace pdarts

int main(int argc, char** argv) { return pdarts::Report(pdarts::Run(argc, argv)); }
