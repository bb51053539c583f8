#ifndef PDARTS_CLI_SLURM_SWEEP_H_
#define PDARTS_CLI_SLURM_SWEEP_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pdarts/cli/run_queue.h"
#include "pdarts/cli/sweep.pb.h"

namespace pdarts {

struct SlurmSweepOptions {
  std::string folder;          ///< gets the directories of the runs, and the sweep's own folder
  std::string name;            ///< of the spec
  std::string sbatch_options;  ///< --launcher_options
  int array_limit = 0;         ///< most runs at a time; 0: no limit
  bool detach = false;         ///< return once the runs are submitted
  /// How long a run may have ended before its result is missed: other hosts see files late.
  absl::Duration patience = absl::Minutes(1);
};

/// Submits the runs that are not finished to Slurm as one job array, and waits for them. A run that
/// a task of an earlier sweep in the folder still computes is waited for, and not submitted again.
/// The flags --threads, --data_dir, --checkpoint_minutes, --allow_swap and --overwrite are those of
/// this process. Sets the result or the error of each run, but those of runs that go on with
/// `detach`. A signal ends the waiting only. \error kInvalidArgument if an option is wrong;
/// kCancelled after a signal; kFailedPrecondition if a run to be replaced is still computed; as
/// RunDirectory::Open, with nothing submitted; as SubmitScript.
absl::Status RunOnSlurm(const std::vector<QueuedRun*>& runs, const SlurmSweepOptions& options);

/// What came so far of all sweeps in the folder that were submitted to Slurm, in the order in which
/// they were. \error kNotFound if there is none; as TaskStates.
absl::StatusOr<SweepsReport> ReportSweeps(const std::string& folder);

/// The report as text, with a line for each run.
std::string SweepsText(const SweepsReport& report);

}  // namespace pdarts

#endif  // PDARTS_CLI_SLURM_SWEEP_H_
