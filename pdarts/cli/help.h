#ifndef PDARTS_CLI_HELP_H_
#define PDARTS_CLI_HELP_H_

#include <string>

#include "absl/status/statusor.h"
#include "pdarts/cli/command.h"

namespace pdarts {

/// All commands of a program, one line for each, or the help of its only command.
std::string ProgramHelp(const Program& program);

/// The purpose of a command, all its flags with meaning and default, and its examples.
std::string CommandHelp(const Program& program, const Command& command);

/// The output of --version: the version and the commit of the program, the version of LibTorch, and
/// the instruction set of the fused kernels on this machine.
/// \error as ResolveBackend.
absl::StatusOr<std::string> VersionText(const Program& program);

}  // namespace pdarts

#endif  // PDARTS_CLI_HELP_H_
