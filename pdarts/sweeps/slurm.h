#ifndef PDARTS_SWEEPS_SLURM_H_
#define PDARTS_SWEEPS_SLURM_H_

#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

// Functions that call the programs of Slurm in PATH: sbatch, squeue, sacct and scontrol.

/// The state of a task of a job array in Slurm.
struct SlurmState {
  /// As Slurm calls it: "RUNNING", "TIMEOUT". Empty if Slurm does not know the task.
  std::string state;
  std::string reason;  ///< the reason why a task waits: "Resources"; may be empty
};

/// Whether a task in this state may still run. Such a task waits, runs, or is being requeued.
bool IsActive(absl::string_view state);

/// Submits a script with sbatch. Returns the number of the job, or of the job array: "12".
/// \error kNotFound if sbatch is not in PATH; kFailedPrecondition with the message of sbatch.
absl::StatusOr<std::string> SubmitScript(const std::string& script);

/// Whether a text is the name of a task of a job array: "12_3", with the numbers of the array and
/// of the task.
bool IsTaskName(absl::string_view text);

/// The numbers of the job arrays to which tasks belong. `tasks` are names of tasks.
std::set<std::string> ArraysOf(const std::set<std::string>& tasks);

/// The states of tasks, by their names. squeue knows the tasks that wait or run. The function asks
/// sacct for the other tasks, which needs a cluster with accounting, and then scontrol, which
/// remembers ended tasks for a few minutes.
/// \error kUnavailable if the state of a task is unknown because Slurm's controller does not
/// answer.
absl::StatusOr<std::map<std::string, SlurmState>> TaskStates(const std::set<std::string>& tasks);

}  // namespace pdarts

#endif  // PDARTS_SWEEPS_SLURM_H_
