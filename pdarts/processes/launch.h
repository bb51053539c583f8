#ifndef PDARTS_PROCESSES_LAUNCH_H_
#define PDARTS_PROCESSES_LAUNCH_H_

#include <string>

namespace pdarts {

/// How a launcher such as mpirun or srun says that it has started this process.
struct Launch {
  int tasks = 1;         ///< how many processes it has started together, at least
  std::string variable;  ///< what says so, if there are several: "SLURM_NTASKS=4"
  int local_rank = 0;    ///< the number of this process among those on its machine
};

/// Reads the environment: OMPI_COMM_WORLD_SIZE of Open MPI; without it SLURM_NTASKS of Slurm, and
/// PMIX_RANK of every launcher that uses PMIx (a rank above 0 says that there are others). The
/// local rank is OMPI_COMM_WORLD_LOCAL_RANK or SLURM_LOCALID. What is no number says nothing.
Launch ReadLaunch();

}  // namespace pdarts

#endif  // PDARTS_PROCESSES_LAUNCH_H_
