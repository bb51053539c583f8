#ifndef PDARTS_SWEEPS_RUN_QUEUE_H_
#define PDARTS_SWEEPS_RUN_QUEUE_H_

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "pdarts/runs/run.pb.h"

namespace pdarts {

/// A search or a training that a command starts in a separate process.
struct QueuedRun {
  std::string label;                                ///< the name of the run in messages: "seed 3"
  std::unique_ptr<google::protobuf::Message> spec;  ///< the complete spec of a search or a training
  std::string directory;
  bool finished_before = false;  ///< whether the run had a result before, so that it is not started
  RunResult result;
  std::string error;  ///< the reason why it failed; empty if it did not fail
};

/// The options that the runs get from the command that starts them.
struct ChildRunOptions {
  std::string program_name = "pdarts";  ///< the name with which the user started this program
  int threads = 0;                      ///< --threads; 0: the run decides
  double checkpoint_minutes = 10;       ///< --checkpoint_minutes
  std::string data_dir;                 ///< --data_dir; empty: the runs do not get the flag
  bool allow_swap = false;              ///< --allow_swap
  bool overwrite = false;               ///< --overwrite
};

struct RunQueueOptions {
  /// The name of the command that starts the runs, for messages: "sweep".
  std::string command;
  /// The number of runs that are computed at the same time.
  int jobs = 1;
  /// Returns the command that continues the interrupted work, in the form in which a user types it
  /// in a shell.
  std::function<std::string()> resume_command;
  ChildRunOptions child;
  /// The stream for one line when a run begins, and one line when it ends; not null.
  std::ostream* messages = nullptr;
};

/// Starts the unfinished runs in their order, and waits for them. The runs get the options
/// `options.child`. If `threads` is 0, runs that are computed at the same time share the cores.
/// Sets the result or the error of each run. The error of a run is not an error of this function. A
/// signal is passed on to the runs, so that they save their states and stop. A second signal ends
/// the runs at once. If a process cannot be started, the other runs are stopped as by a signal.
/// \error kCancelled after a signal; the reason why a process could not be started. Both messages
/// contain the command that continues the work.
absl::Status RunAll(const std::vector<QueuedRun*>& runs, const RunQueueOptions& options);

/// The command that computes the run: "search" or "train".
std::string CommandNameOf(const QueuedRun& run);

/// The flags --checkpoint_minutes, --data_dir and --allow_swap of a run.
std::vector<std::string> FlagsForRuns(const ChildRunOptions& options);

/// The file beside the directory of a run that gets its messages if they are not printed at once.
std::string ConsoleFile(const QueuedRun& run);

/// Whether the directory of a run holds a run of its spec.
bool HoldsItsSpec(const QueuedRun& run);

}  // namespace pdarts

#endif  // PDARTS_SWEEPS_RUN_QUEUE_H_
