#include "pdarts/cli/commands/commands.h"

namespace pdarts {

std::vector<Command> AllCommands() {
  return {
      BenchmarkCommand(), ConvertCommand(),  CountCommand(), DeriveCommand(), EvaluateCommand(),
      FetchCommand(),     GenotypeCommand(), ListCommand(),  QueryCommand(),  ReportCommand(),
      ResultsCommand(),   SearchCommand(),   SweepCommand(), TrainCommand(),
  };
}

}  // namespace pdarts
