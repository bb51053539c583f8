#ifndef PDARTS_SWEEPS_SLURM_SWEEP_H_
#define PDARTS_SWEEPS_SLURM_SWEEP_H_

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pdarts/sweeps/run_queue.h"
#include "pdarts/sweeps/sweep.pb.h"

namespace pdarts {

struct SlurmSweepOptions {
  std::string folder;          ///< the folder of the run directories and of the sweep's own folder
  std::string name;            ///< of the spec
  std::string sbatch_options;  ///< --launcher_options
  int array_limit = 0;         ///< maximum number of runs at a time; 0: no limit
  bool detach = false;         ///< return after the runs are submitted
  ChildRunOptions child;
  /// Returns the command that waits for the runs again, in the form in which a user types it in a
  /// shell.
  std::function<std::string()> resume_command;
  std::ostream* messages = nullptr;  ///< the stream for the states of the runs; not null
  /// How long a run may have ended before a missing result counts as an error. Other hosts see new
  /// files with a delay.
  absl::Duration patience = absl::Minutes(1);
};

/// Submits the unfinished runs to Slurm as one job array, and waits for them. If a task of an
/// earlier sweep in the folder is still computing a run, the function waits for this task and does
/// not submit the run again. The runs get the options `options.child`. Sets the result or the
/// error of each run. With `detach`, runs that are not finished get neither. On a terminal, a
/// status line on standard error shows the progress of the first unfinished run. A signal ends only
/// the waiting, not the runs. \error kInvalidArgument if an option is wrong; kCancelled after a
/// signal; kFailedPrecondition if a task is still computing a run that is to be replaced; as
/// RunDirectory::Open, before anything is submitted; as SubmitScript.
absl::Status RunOnSlurm(const std::vector<QueuedRun*>& runs, const SlurmSweepOptions& options);

/// The results so far of all sweeps in the folder that were submitted to Slurm, in the order of
/// their submission. \error kNotFound if there is no such sweep; as TaskStates.
absl::StatusOr<SweepsReport> ReportSweeps(const std::string& folder);

/// The report as text, with one line for each run.
std::string SweepsText(const SweepsReport& report);

}  // namespace pdarts

#endif  // PDARTS_SWEEPS_SLURM_SWEEP_H_
