#ifndef PDARTS_CLI_COMMAND_LINE_H_
#define PDARTS_CLI_COMMAND_LINE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "pdarts/cli/command.h"

namespace pdarts {

/// A flag as it was typed: `--name=value`, `--name value` or `--name`.
struct GivenFlag {
  std::string name;
  std::optional<std::string> value;
};

/// The words of a command line, taken apart. Nothing is checked yet.
struct CommandLine {
  std::vector<std::string> arguments;  ///< all words that are no flags
  std::vector<GivenFlag> flags;        ///< in their order, without --help and --version
  bool help = false;                   ///< --help or -h is among them
  bool version = false;                ///< --version is among them
};

/// `words`: without the program's name. One dash does as well as two. The word after a flag that
/// needs a value and has none is that value. After a word "--" everything is an argument. Which
/// flags need a value, `command` says, as far as it says anything else than other commands.
CommandLine ReadCommandLine(const std::vector<std::string>& words, const Command& command);

/// Sets Abseil's and glog's flags to what was typed; `--noname` sets a switch to false.
/// \error kInvalidArgument naming the first flag that `command`, which `title` names in messages,
/// doesn't take (with the flag that was probably meant), or whose value is missing, empty or
/// malformed.
absl::Status SetFlags(const CommandLine& line, const Command& command, absl::string_view title);

}  // namespace pdarts

#endif  // PDARTS_CLI_COMMAND_LINE_H_
