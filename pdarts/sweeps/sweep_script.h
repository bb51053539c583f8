#ifndef PDARTS_SWEEPS_SWEEP_SCRIPT_H_
#define PDARTS_SWEEPS_SWEEP_SCRIPT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pdarts {

/// The data of a sweep's script. All paths are absolute.
struct SweepScript {
  std::string name;                ///< name of the job
  std::string folder;              ///< of the sweep; the script is job.sh in this folder
  std::vector<std::string> runs;   ///< run directories that hold their specs already
  std::string program;             ///< pdarts
  std::string command;             ///< "search" or "train"
  std::vector<std::string> flags;  ///< of the command, without --spec, --output_dir and --threads
  int threads = 0;  ///< value of --threads; 0: the number of processors that Slurm gives the task
  std::string sbatch_options;  ///< of the user, for example "--partition=long --time=120"
  int array_limit = 0;         ///< maximum number of tasks at a time; 0: no limit
};

/// \error kInvalidArgument if the options are not a valid line of options of sbatch, or if the
/// sweep itself sets one of them.
absl::Status CheckSbatchOptions(const std::string& options);

/// The script for sbatch. It is a job array with one task for each run. A task that gets a signal
/// passes the signal to the run, which writes a checkpoint and stops. The task then requeues
/// itself, unless Slurm is ending it. If requeueing is forbidden, the task submits itself again. A
/// task that was submitted again does not change a finished run. The file task-N in the folder
/// names the task that computes run N. \error kInvalidArgument if a path has characters that sbatch
/// cannot read in a script; as CheckSbatchOptions.
absl::StatusOr<std::string> PrintSweepScript(const SweepScript& script);

}  // namespace pdarts

#endif  // PDARTS_SWEEPS_SWEEP_SCRIPT_H_
