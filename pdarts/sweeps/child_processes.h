#ifndef PDARTS_SWEEPS_CHILD_PROCESSES_H_
#define PDARTS_SWEEPS_CHILD_PROCESSES_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace pdarts {

/// Describes how a child process begins.
struct ChildCommand {
  std::string program;               ///< path of the file that is executed
  std::vector<std::string> words;    ///< the command line, including the name of the program
  std::optional<std::string> input;  ///< its standard input; unset: empty
  std::vector<std::string> unset;    ///< environment variables that it does not inherit
  int output = -1;  ///< descriptor for its standard output and standard error; -1: standard error
                    ///< of this process
};

/// A child that has ended.
struct EndedChild {
  pid_t id = 0;
  int exit_code = 0;  ///< exit code as in a shell: 128 + N for signal N
  int signal = 0;     ///< the signal that ended it; 0 if it exited
};

/// Child processes whose life is tied to this process. The children inherit only the standard
/// descriptors. The children begin with an empty signal mask and with the default handling of every
/// signal, with one exception: if this process ignores SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2 or
/// SIGPIPE, the children ignore this signal too. A user makes a command ignore such signals with
/// nohup, or by starting it in the background of a script. If this process ends for any reason, the
/// system sends SIGTERM to the children. Only one thread may use the object, and this thread must
/// outlive it.
class ChildProcesses {
 public:
  /// If this process ignores SIGCHLD, the constructor restores the default handling. Otherwise the
  /// system would not keep the exit statuses of children.
  ChildProcesses();
  /// Kills the running children.
  ~ChildProcesses();
  ChildProcesses(const ChildProcesses&) = delete;
  ChildProcesses& operator=(const ChildProcesses&) = delete;

  /// Starts a child and returns its process ID.
  /// \error kNotFound, kPermissionDenied, ... with the reason of the system, if the program cannot
  /// be executed or no process can be made.
  absl::StatusOr<pid_t> Start(const ChildCommand& command);

  /// The number of running children.
  int size() const { return static_cast<int>(running_.size()); }

  /// Sends a signal to all running children.
  void Signal(int signal) const;

  /// Waits until a child ends, or this process gets a signal, or `longest` has passed. Returns the
  /// child that ended; unset if no child ended.
  std::optional<EndedChild> Wait(absl::Duration longest);

 private:
  std::optional<EndedChild> Reap();

  std::vector<pid_t> running_;
};

/// The end of a child, and everything that it wrote to standard output and standard error.
struct ChildOutput {
  EndedChild end;
  std::string text;
};

/// Runs a child to its end, and returns its output. `command.output` is ignored.
/// \error as ChildProcesses::Start; the reason of the system if the output cannot be kept or read.
absl::StatusOr<ChildOutput> RunToEnd(ChildCommand command);

}  // namespace pdarts

#endif  // PDARTS_SWEEPS_CHILD_PROCESSES_H_
