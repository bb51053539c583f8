#include "pdarts/processes/launch.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace pdarts {
namespace {

std::optional<int> Number(const char* variable) {
  const char* text = std::getenv(variable);
  int number = 0;
  if (text == nullptr || !absl::SimpleAtoi(text, &number)) return std::nullopt;
  return number;
}

Launch Says(const char* variable, int value, int tasks, const char* local_rank) {
  if (tasks <= 1) return Launch();
  Launch launch;
  launch.tasks = tasks;
  launch.variable = absl::StrCat(variable, "=", value);
  launch.local_rank = std::max(0, Number(local_rank).value_or(0));
  return launch;
}

}  // namespace

Launch ReadLaunch() {
  // The innermost launcher counts, because mpirun may be called in the script of a Slurm job.
  constexpr char kOpenMpi[] = "OMPI_COMM_WORLD_SIZE", kPmix[] = "PMIX_RANK",
                 kSlurmStep[] = "SLURM_STEP_NUM_TASKS", kSlurmLocal[] = "SLURM_LOCALID";
  if (const auto size = Number(kOpenMpi)) {
    return Says(kOpenMpi, *size, *size, "OMPI_COMM_WORLD_LOCAL_RANK");
  }
  if (const auto tasks = Number(kSlurmTasks); tasks && *tasks > 1) {
    Launch launch = Says(kSlurmTasks, *tasks, *tasks, kSlurmLocal);
    // srun sets these two variables for the processes that it starts.
    launch.is_of_job = Number(kSlurmStep).value_or(1) <= 1 && !Number(kPmix);
    return launch;
  }
  if (const auto rank = Number(kPmix)) return Says(kPmix, *rank, *rank + 1, kSlurmLocal);
  return Launch();
}

bool WorksAlone(const Launch& launch, bool in_several) {
  return launch.tasks == 1 || (launch.is_of_job && !in_several);
}

}  // namespace pdarts
