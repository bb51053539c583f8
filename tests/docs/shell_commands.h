#ifndef TESTS_DOCS_SHELL_COMMANDS_H_
#define TESTS_DOCS_SHELL_COMMANDS_H_

#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/docs/markdown.h"

namespace pdarts {

/// A command in an `sh` or `console` block of a page, with the output that a console block shows
/// below it.
struct ShellCommand {
  int line = 0;
  std::string text;  ///< joined if a line ends in a backslash; without a comment
  std::vector<std::string> output;
};

/// The commands of a block. In a `console` block, commands begin with "$ ". In other blocks, every
/// line is a command.
std::vector<ShellCommand> CommandsOf(const CodeBlock& block);

/// The words that a shell would pass to the program, without their quotes.
std::vector<std::string> ShellWords(absl::string_view command);

/// A command that calls a program of this repository.
struct PdartsCall {
  std::string target;  ///< "//experiments:quickstart"; for `pdarts`, the general program
  std::vector<std::string> arguments;  ///< the words after the target
};

/// Whether the words call a program of this repository: as `pdarts ...`, as `./bazelw run TARGET --
/// ...`, or by the path of a target's output.
bool ParsePdartsCall(const std::vector<std::string>& words, PdartsCall* call);

/// The commands in the output of `pdarts help`.
std::set<std::string> CommandsInHelp(absl::string_view help);

/// The flags in the help of one command.
std::set<std::string> FlagsInHelp(absl::string_view help);

/// Whether the lines of an output match the lines that a page shows. A line "..." matches any
/// number of lines, and "..." within a line matches any text.
bool OutputMatches(const std::vector<std::string>& shown, const std::vector<std::string>& printed);

}  // namespace pdarts

#endif  // TESTS_DOCS_SHELL_COMMANDS_H_
