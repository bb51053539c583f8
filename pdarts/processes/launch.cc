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
  return {tasks, absl::StrCat(variable, "=", value), std::max(0, Number(local_rank).value_or(0))};
}

}  // namespace

Launch ReadLaunch() {
  // Of the innermost launcher: mpirun may stand in the script of a Slurm job.
  constexpr char kOpenMpi[] = "OMPI_COMM_WORLD_SIZE", kSlurm[] = "SLURM_NTASKS",
                 kPmix[] = "PMIX_RANK", kSlurmLocal[] = "SLURM_LOCALID";
  if (const auto size = Number(kOpenMpi)) {
    return Says(kOpenMpi, *size, *size, "OMPI_COMM_WORLD_LOCAL_RANK");
  }
  if (const auto tasks = Number(kSlurm); tasks && *tasks > 1) {
    return Says(kSlurm, *tasks, *tasks, kSlurmLocal);
  }
  if (const auto rank = Number(kPmix)) return Says(kPmix, *rank, *rank + 1, kSlurmLocal);
  return Launch();
}

}  // namespace pdarts
