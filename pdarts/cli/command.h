#ifndef PDARTS_CLI_COMMAND_H_
#define PDARTS_CLI_COMMAND_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace pdarts {

class ProcessGroup;

/// One way to use a command, shown by its help.
struct Example {
  std::string words;    ///< what follows the command: "--spec=mine.textproto --dry_run"
  std::string purpose;  ///< one line
};

/// A command of the general program: `pdarts NAME --flags ARGUMENTS`.
struct Command {
  std::string name;                ///< empty for the only command of a program
  std::string usage;               ///< what must be given: "--spec=FILE", "DIR..."
  std::string purpose;             ///< one line
  std::vector<std::string> flags;  ///< names of all flags that it takes
  /// What the command does in one process; empty if run_in_several is set.
  std::function<absl::Status(const std::vector<std::string>& arguments)> run;
  bool takes_arguments = false;  ///< whether anything but flags may follow its name
  std::vector<Example> examples;
  /// Texts of flags that mean something else here than for most commands, of the form that
  /// DescribeFlag reads.
  std::map<std::string, std::string> flag_texts;
  /// Flags that have another type here than the flags of the same name of other commands: the name
  /// that a user types, and the name of the ABSL_FLAG that holds the value.
  std::map<std::string, std::string> flag_storage;
  /// What a command does that several processes can do together, also where it is one process. An
  /// error is MarkAgreed if all processes have it.
  std::function<absl::Status(const std::vector<std::string>& arguments, ProcessGroup& processes)>
      run_in_several;
};

/// What a program can do. Its help, its completion and the check of its command line read it.
struct Program {
  std::string name;     ///< as it is typed: "pdarts", "quickstart"
  std::string purpose;  ///< one line
  /// One without a name: the program is that command, and takes its flags directly.
  std::vector<Command> commands;

  bool has_named_commands() const { return commands.size() != 1 || !commands[0].name.empty(); }
};

}  // namespace pdarts

#endif  // PDARTS_CLI_COMMAND_H_
