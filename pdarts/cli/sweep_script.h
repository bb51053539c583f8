#ifndef PDARTS_CLI_SWEEP_SCRIPT_H_
#define PDARTS_CLI_SWEEP_SCRIPT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pdarts {

/// What the script of a sweep is made of. All paths are absolute.
struct SweepScript {
  std::string name;                ///< of the job
  std::string folder;              ///< of the sweep; the script is job.sh in it
  std::vector<std::string> runs;   ///< directories, which hold their specs already
  std::string program;             ///< pdarts
  std::string command;             ///< "search" or "train"
  std::vector<std::string> flags;  ///< of the command, but for --spec, --output_dir and --threads
  int threads = 0;                 ///< --threads; 0: as many as Slurm gives the task processors
  std::string sbatch_options;      ///< of the user: "--partition=long --time=120"
  int array_limit = 0;             ///< most tasks at a time; 0: no limit
};

/// \error kInvalidArgument if the options are no line of options of sbatch, or if one of them is
/// set by the sweep itself.
absl::Status CheckSbatchOptions(const std::string& options);

/// A script for sbatch: a job array with a task for each run. A task that gets a signal passes it
/// on to the run, which writes a checkpoint and stops. Then the task requeues itself, or submits
/// itself anew where requeueing is forbidden, unless Slurm is ending it. A task that was submitted
/// again leaves a finished run alone. The file task-N in the folder names the task that computes
/// run N. \error kInvalidArgument if a path has characters that sbatch can't read in a script; as
/// CheckSbatchOptions.
absl::StatusOr<std::string> PrintSweepScript(const SweepScript& script);

}  // namespace pdarts

#endif  // PDARTS_CLI_SWEEP_SCRIPT_H_
