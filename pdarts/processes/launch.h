#ifndef PDARTS_PROCESSES_LAUNCH_H_
#define PDARTS_PROCESSES_LAUNCH_H_

#include <string>

namespace pdarts {

/// How a launcher such as mpirun or srun says that it has started this process.
struct Launch {
  int tasks = 1;         ///< how many processes it has started together, at least
  std::string variable;  ///< what says so, if there are several: "SLURM_NTASKS=4"
  int local_rank = 0;    ///< the number of this process among those on its machine
  /// Whether `variable` tells of a whole job of Slurm, and nothing says that srun has started the
  /// process. Each command in the script of the job has the variable.
  bool is_of_job = false;
};

/// The variable of Slurm that tells of a whole job, and of the tasks that srun starts.
inline constexpr char kSlurmTasks[] = "SLURM_NTASKS";

/// Reads the environment: OMPI_COMM_WORLD_SIZE of Open MPI; without it SLURM_NTASKS of Slurm, and
/// PMIX_RANK of every launcher that uses PMIx (a rank above 0 says that there are others). The
/// local rank is OMPI_COMM_WORLD_LOCAL_RANK or SLURM_LOCALID. What is no number says nothing.
Launch ReadLaunch();

/// Whether a command has to work alone: the process is the only one, or, for a command that is for
/// one process (in_several: false), the launch is of a job.
bool WorksAlone(const Launch& launch, bool in_several);

}  // namespace pdarts

#endif  // PDARTS_PROCESSES_LAUNCH_H_
