#ifndef PDARTS_CLI_COMPLETION_H_
#define PDARTS_CLI_COMPLETION_H_

#include <string>

#include "pdarts/cli/command.h"

namespace pdarts {

/// A script for bash. After a user sources the script, bash completes the commands, flags and
/// values of the program.
std::string BashCompletion(const Program& program);

/// A script for zsh with the same effect. The script may also be a file `_NAME` in a folder of
/// $fpath.
std::string ZshCompletion(const Program& program);

}  // namespace pdarts

#endif  // PDARTS_CLI_COMPLETION_H_
