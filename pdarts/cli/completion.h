#ifndef PDARTS_CLI_COMPLETION_H_
#define PDARTS_CLI_COMPLETION_H_

#include <string>

#include "pdarts/cli/command.h"

namespace pdarts {

/// A script for bash that completes the program's commands, flags and values once it is sourced.
std::string BashCompletion(const Program& program);

/// The same for zsh. It may also be a file `_NAME` of a folder in $fpath.
std::string ZshCompletion(const Program& program);

}  // namespace pdarts

#endif  // PDARTS_CLI_COMPLETION_H_
