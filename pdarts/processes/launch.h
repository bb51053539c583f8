#ifndef PDARTS_PROCESSES_LAUNCH_H_
#define PDARTS_PROCESSES_LAUNCH_H_

#include <string>

namespace pdarts {

/// The statements of the environment variables of a launcher, such as mpirun or srun, about the
/// start of this process.
struct Launch {
  int tasks = 1;  ///< minimum number of processes that it has started together
  /// The variable that tells this, if there are several processes: "SLURM_NTASKS=4".
  std::string variable;
  int local_rank = 0;  ///< the number of this process among the processes on its machine
  /// Whether `variable` describes a whole job of Slurm, and nothing tells that srun started this
  /// process. In the script of a job, each command has this variable.
  bool is_of_job = false;
};

/// The variable of Slurm that describes a whole job, and also the tasks that srun starts.
inline constexpr char kSlurmTasks[] = "SLURM_NTASKS";

/// Reads the environment. OMPI_COMM_WORLD_SIZE belongs to Open MPI. Without it, SLURM_NTASKS of
/// Slurm is read, and PMIX_RANK, which every launcher that uses PMIx sets. A rank above 0 means
/// that there are other processes. The local rank is OMPI_COMM_WORLD_LOCAL_RANK or SLURM_LOCALID. A
/// value that is not a number is ignored.
Launch ReadLaunch();

/// Whether a command works without other processes: this process is the only one, or the command is
/// for one process (in_several is false) and the launch describes a whole job.
bool WorksAlone(const Launch& launch, bool in_several);

}  // namespace pdarts

#endif  // PDARTS_PROCESSES_LAUNCH_H_
