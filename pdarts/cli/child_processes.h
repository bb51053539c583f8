#ifndef PDARTS_CLI_CHILD_PROCESSES_H_
#define PDARTS_CLI_CHILD_PROCESSES_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace pdarts {

/// How a child process begins.
struct ChildCommand {
  std::string program;               ///< path of the file that is executed
  std::vector<std::string> words;    ///< the command line, the program's name included
  std::optional<std::string> input;  ///< what it reads from standard input; unset: nothing
  std::vector<std::string> unset;    ///< variables of the environment that it does not inherit
  int output = -1;  ///< descriptor that gets its standard output and error; -1: standard error
};

/// A child that ended.
struct EndedChild {
  pid_t id = 0;
  int exit_code = 0;  ///< as a shell has it: 128 + N for signal N
  int signal = 0;     ///< the signal that ended it; 0: it exited
};

/// Child processes whose life is tied to this process. They inherit no descriptors but the standard
/// ones. They begin with an empty signal mask and with the default handling of every signal, except
/// that they ignore what a user makes a command ignore (nohup, a background job of a script):
/// SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2 and SIGPIPE, where this process ignores them. When
/// this process ends in whatever way, they get SIGTERM from the system. For one thread; it must
/// outlive the object.
class ChildProcesses {
 public:
  /// If this process ignores SIGCHLD, it gets back the default handling: otherwise the system would
  /// forget how children ended.
  ChildProcesses();
  /// Kills what still runs.
  ~ChildProcesses();
  ChildProcesses(const ChildProcesses&) = delete;
  ChildProcesses& operator=(const ChildProcesses&) = delete;

  /// Starts a child and returns its process ID.
  /// \error kNotFound, kPermissionDenied, ... with the system's reason, if the program can't be
  /// executed or no process be made.
  absl::StatusOr<pid_t> Start(const ChildCommand& command);

  /// How many run.
  int size() const { return static_cast<int>(running_.size()); }

  /// Sends a signal to all that run.
  void Signal(int signal) const;

  /// Waits until one ends, or this process gets a signal, or `longest` has passed. Returns the one
  /// that ended; nothing if none did.
  std::optional<EndedChild> Wait(absl::Duration longest);

 private:
  std::optional<EndedChild> Reap();

  std::vector<pid_t> running_;
};

/// The end of a child, and all that it wrote to standard output and standard error.
struct ChildOutput {
  EndedChild end;
  std::string text;
};

/// Runs a child to its end, and returns what it wrote. `command.output` is ignored.
/// \error as ChildProcesses::Start; with the system's reason if the output can't be kept or read.
absl::StatusOr<ChildOutput> RunToEnd(ChildCommand command);

}  // namespace pdarts

#endif  // PDARTS_CLI_CHILD_PROCESSES_H_
