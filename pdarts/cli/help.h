#ifndef PDARTS_CLI_HELP_H_
#define PDARTS_CLI_HELP_H_

#include <string>

#include "absl/status/statusor.h"
#include "pdarts/cli/command.h"

namespace pdarts {

/// All commands of a program, a line each, or the help of its only command.
std::string ProgramHelp(const Program& program);

/// What a command does, all its flags with meaning and default, and its examples.
std::string CommandHelp(const Program& program, const Command& command);

/// What --version prints: the program's version, commit, LibTorch and the instruction set that the
/// fused kernels use on this machine.
/// \error as ResolveBackend.
absl::StatusOr<std::string> VersionText(const Program& program);

}  // namespace pdarts

#endif  // PDARTS_CLI_HELP_H_
