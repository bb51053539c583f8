#include "pdarts/cli/commands/commands.h"

namespace pdarts {

std::vector<Command> AllCommands() {
  return {
      BenchmarkCommand(), CompareCommand(), ConvertCommand(), CountCommand(),    DeriveCommand(),
      EvaluateCommand(),  ExportCommand(),  FetchCommand(),   GenotypeCommand(), ListCommand(),
      PackCommand(),      PredictCommand(), QueryCommand(),   RepeatCommand(),   ReportCommand(),
      ResultsCommand(),   SearchCommand(),  SweepCommand(),   TrainCommand(),
  };
}

}  // namespace pdarts
