#ifndef PDARTS_CLI_SLURM_H_
#define PDARTS_CLI_SLURM_H_

#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

// Slurm's own programs, which are found by PATH: sbatch, squeue, sacct and scontrol.

/// What Slurm says of a task of a job array.
struct SlurmState {
  std::string state;  ///< in Slurm's words: "RUNNING", "TIMEOUT"; empty if Slurm knows no such task
  std::string reason;  ///< why a task waits: "Resources"; may be empty
};

/// Whether a task in this state may still run: it waits, runs, or is being requeued.
bool IsActive(absl::string_view state);

/// Submits a script with sbatch. Returns the number of the job, or of the job array: "12".
/// \error kNotFound if PATH leads to no sbatch; kFailedPrecondition with what sbatch says.
absl::StatusOr<std::string> SubmitScript(const std::string& script);

/// Whether a text names a task of a job array: "12_3", the numbers of the array and of the task.
bool IsTaskName(absl::string_view text);

/// The numbers of the job arrays of tasks, which are given by their names.
std::set<std::string> ArraysOf(const std::set<std::string>& tasks);

/// The states of tasks, by their names. squeue knows what waits and runs. What it does not list is
/// asked of sacct, which needs a cluster with accounting, and then of scontrol, which remembers
/// ended tasks for a few minutes.
/// \error kUnavailable if a task's state is unknown because Slurm's controller does not answer.
absl::StatusOr<std::map<std::string, SlurmState>> TaskStates(const std::set<std::string>& tasks);

}  // namespace pdarts

#endif  // PDARTS_CLI_SLURM_H_
