#ifndef PDARTS_CLI_COMMANDS_COMMANDS_H_
#define PDARTS_CLI_COMMANDS_COMMANDS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace pdarts {

/// A command of the general program: `pdarts NAME --flags ARGUMENTS`.
struct Command {
  std::string name;
  std::string usage;               ///< what must be given: "--spec=FILE"
  std::string purpose;             ///< one line
  std::vector<std::string> flags;  ///< names of all flags that it takes
  std::function<absl::Status(const std::vector<std::string>& arguments)> run;
  bool takes_arguments = false;  ///< whether anything but flags may follow its name
};

// One file each.
Command BenchmarkCommand();
Command ConvertCommand();
Command CountCommand();
Command DeriveCommand();
Command EvaluateCommand();
Command FetchCommand();
Command GenotypeCommand();
Command ListCommand();
Command QueryCommand();
Command ReportCommand();
Command ResultsCommand();
Command SearchCommand();
Command SweepCommand();
Command TrainCommand();

}  // namespace pdarts

#endif  // PDARTS_CLI_COMMANDS_COMMANDS_H_
