#ifndef PDARTS_CLI_COMMANDS_COMMANDS_H_
#define PDARTS_CLI_COMMANDS_COMMANDS_H_

#include <vector>

#include "pdarts/cli/command.h"

namespace pdarts {

/// The commands of the general program, sorted by name.
std::vector<Command> AllCommands();

// Each of these commands is one file.
Command BenchmarkCommand();
Command CompareCommand();
Command ConvertCommand();
Command CountCommand();
Command DeriveCommand();
Command EvaluateCommand();
Command ExportCommand();
Command FetchCommand();
Command GenotypeCommand();
Command ListCommand();
Command PackCommand();
Command PredictCommand();
Command QueryCommand();
Command RepeatCommand();
Command ReportCommand();
Command ResultsCommand();
Command SearchCommand();
Command SweepCommand();
Command TrainCommand();

}  // namespace pdarts

#endif  // PDARTS_CLI_COMMANDS_COMMANDS_H_
