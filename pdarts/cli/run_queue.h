#ifndef PDARTS_CLI_RUN_QUEUE_H_
#define PDARTS_CLI_RUN_QUEUE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "pdarts/runs/run.pb.h"

namespace pdarts {

/// A search or a training that a command starts in a process of its own.
struct QueuedRun {
  std::string label;                                ///< names it in messages: "seed 3"
  std::unique_ptr<google::protobuf::Message> spec;  ///< complete; of a search or a training
  std::string directory;
  bool finished_before = false;  ///< it has a result already, and is not started
  RunResult result;
  std::string error;  ///< why it failed; empty: it did not
};

struct RunQueueOptions {
  /// What starts the runs, for messages: "sweep".
  std::string command;
  /// How many run at the same time.
  int jobs = 1;
  /// The command that goes on with what was begun, as a user types it in a shell.
  std::function<std::string()> command_to_go_on;
};

/// Starts the runs that are not finished, in their order, and waits for them. The flags --threads,
/// --data_dir, --checkpoint_minutes, --allow_swap and --overwrite are those of this process;
/// without
/// --threads, several runs at a time share the cores. Sets the result or the error of each run: why
/// a run failed stands in the run. A signal is passed on to the runs, so that they save their state
/// and stop; a second one ends them at once. If a process can't be started, the others are stopped
/// as by a signal.
/// \error kCancelled after a signal, and why a process could not be started, with the command to go
/// on.
absl::Status RunAll(const std::vector<QueuedRun*>& runs, const RunQueueOptions& options);

/// "search" or "train": what computes the run.
std::string CommandNameOf(const QueuedRun& run);

/// The flags of this process that its runs get too: --checkpoint_minutes, --data_dir (or what the
/// environment says), --allow_swap.
std::vector<std::string> FlagsForRuns();

/// Where a run's messages go when nobody reads them at once: beside its directory.
std::string ConsoleFile(const QueuedRun& run);

/// Whether the directory of a run holds a run of its spec.
bool HoldsItsSpec(const QueuedRun& run);

}  // namespace pdarts

#endif  // PDARTS_CLI_RUN_QUEUE_H_
