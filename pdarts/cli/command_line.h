#ifndef PDARTS_CLI_COMMAND_LINE_H_
#define PDARTS_CLI_COMMAND_LINE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "pdarts/cli/command.h"

namespace pdarts {

/// A flag as the user typed it: `--name=value`, `--name value` or `--name`.
struct GivenFlag {
  std::string name;
  std::optional<std::string> value;
};

/// The words of a command line, separated into flags and arguments. Nothing is checked yet.
struct CommandLine {
  std::vector<std::string> arguments;  ///< all words that are not flags
  std::vector<GivenFlag> flags;        ///< in their order, without --help and --version
  bool help = false;                   ///< whether --help or -h is among the words
  bool version = false;                ///< whether --version is among the words
};

/// Reads a command line. `words` does not include the name of the program. One dash has the meaning
/// of two dashes. If a flag needs a value and has none, the next word is its value. After the word
/// "--", every word is an argument. `command` may say of a flag whether it needs a value. For all
/// other flags, the flag's own type decides.
CommandLine ReadCommandLine(const std::vector<std::string>& words, const Command& command);

/// Sets the flags of Abseil and glog to the values in the command line. `--noname` sets a switch to
/// false.
/// \error kInvalidArgument naming the first flag that `command` does not take (with the flag that
/// the user probably meant), or whose value is missing, empty or malformed. `title` is the name of
/// the command in messages.
absl::Status SetFlags(const CommandLine& line, const Command& command, absl::string_view title);

}  // namespace pdarts

#endif  // PDARTS_CLI_COMMAND_LINE_H_
