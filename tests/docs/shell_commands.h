#ifndef TESTS_DOCS_SHELL_COMMANDS_H_
#define TESTS_DOCS_SHELL_COMMANDS_H_

#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/docs/markdown.h"

namespace pdarts {

/// A command of a page's `sh` or `console` block, with the lines that a console shows below it.
struct ShellCommand {
  int line = 0;
  std::string text;  ///< joined where a line ends in a backslash; without a comment behind it
  std::vector<std::string> output;
};

/// The commands of a block. In a `console` block a command begins with "$ ", else every line is
/// one.
std::vector<ShellCommand> CommandsOf(const CodeBlock& block);

/// What a shell would hand to the program: words without their quotes.
std::vector<std::string> ShellWords(absl::string_view command);

/// A command that calls this repository's programs.
struct PdartsCall {
  std::string target;                  ///< "//experiments:quickstart"; the general one for `pdarts`
  std::vector<std::string> arguments;  ///< after the target
};

/// Whether the words call a program of this repository, as `pdarts ...`, `./bazelw run TARGET --
/// ...` or by the path of a target's output.
bool ParsePdartsCall(const std::vector<std::string>& words, PdartsCall* call);

/// The commands that `pdarts help` lists.
std::set<std::string> CommandsInHelp(absl::string_view help);

/// The flags that the help of one command describes.
std::set<std::string> FlagsInHelp(absl::string_view help);

/// Whether lines of output are what a page shows. A line "..." stands for any number of lines,
/// "..." within a line for any text.
bool OutputMatches(const std::vector<std::string>& shown, const std::vector<std::string>& printed);

}  // namespace pdarts

#endif  // TESTS_DOCS_SHELL_COMMANDS_H_
