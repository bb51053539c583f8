#ifndef PDARTS_CLI_PROGRAM_H_
#define PDARTS_CLI_PROGRAM_H_

#include "pdarts/cli/command.h"

namespace pdarts {

/// The `main` of every program: prepares the process, reads the command line, and runs the command
/// that it names, `help`, `completion`, --help or --version. Goes to the folder where the command
/// was typed (also under `bazel run`). Returns the exit status: 0; 128 and the signal's number
/// if a signal stopped the work; else 1 after "error: ..." on standard error, also for an exception
/// of a library and for standard output that could not be written.
int RunProgram(int argc, char** argv, Program program);

}  // namespace pdarts

#endif  // PDARTS_CLI_PROGRAM_H_
