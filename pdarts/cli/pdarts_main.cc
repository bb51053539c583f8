// The general command line: `pdarts COMMAND --flags`. The binary target determines the linked
// plugins.

#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/program.h"

int main(int argc, char** argv) {
  return pdarts::RunProgram(
      argc, argv,
      {"pdarts", "Progressive differentiable architecture search.", pdarts::AllCommands()});
}
