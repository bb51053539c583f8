#ifndef PDARTS_CLI_COMMAND_H_
#define PDARTS_CLI_COMMAND_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace pdarts {

class ProcessGroup;

/// An example of a command, which the help of the command shows.
struct Example {
  std::string words;    ///< the words after the command: "--spec=mine.textproto --dry_run"
  std::string purpose;  ///< one line
};

/// A command of the general program: `pdarts NAME --flags ARGUMENTS`.
struct Command {
  std::string name;                ///< empty if it is the only command of its program
  std::string usage;               ///< the required words: "--spec=FILE", "DIR..."
  std::string purpose;             ///< one line
  std::vector<std::string> flags;  ///< names of all flags of the command
  /// The function of a command that runs in one process; empty if run_in_several is set.
  std::function<absl::Status(const std::vector<std::string>& arguments)> run;
  bool takes_arguments = false;  ///< whether other words than flags may follow its name
  std::vector<Example> examples;
  /// Texts of flags that have another meaning in this command than in most commands. DescribeFlag
  /// describes the form.
  std::map<std::string, std::string> flag_texts;
  /// Flags that have another type in this command than the flags with the same name in other
  /// commands. Maps the name that a user types to the name of the ABSL_FLAG that holds the value.
  std::map<std::string, std::string> flag_storage;
  /// The function of a command that several processes can execute together. It is also used if
  /// there is only one process. An error is MarkAgreed if all processes have the error.
  std::function<absl::Status(const std::vector<std::string>& arguments, ProcessGroup& processes)>
      run_in_several;
};

/// The commands of a program. The help, the completion and the check of the command line are made
/// from this struct.
struct Program {
  std::string name;     ///< as a user types it: "pdarts", "quickstart"
  std::string purpose;  ///< one line
  /// If a command has no name, the program has only this command, and takes its flags directly.
  std::vector<Command> commands;

  bool has_named_commands() const { return commands.size() != 1 || !commands[0].name.empty(); }
};

}  // namespace pdarts

#endif  // PDARTS_CLI_COMMAND_H_
