#ifndef PDARTS_CLI_PROGRAM_H_
#define PDARTS_CLI_PROGRAM_H_

#include "pdarts/cli/command.h"

namespace pdarts {

/// The `main` of every program. It prepares the process, reads the command line, and runs the
/// command in it, `help`, `completion`, --help or --version. It changes to the folder in which the
/// user typed the command, also under `bazel run`. It returns the exit status:
/// - 0 after success,
/// - 128 plus the number of the signal if a signal stopped the work,
/// - 1 after "error: ..." on standard error, also for an exception of a library and if standard
///   output could not be written.
int RunProgram(int argc, char** argv, Program program);

}  // namespace pdarts

#endif  // PDARTS_CLI_PROGRAM_H_
