#include "absl/strings/str_cat.h"
#include "pdarts/processes/launch.h"
#include "pdarts/processes/process_group.h"

namespace pdarts {

absl::StatusOr<std::unique_ptr<ProcessGroup>> ConnectProcesses(const std::string& command,
                                                               bool in_several) {
  const Launch launch = ReadLaunch();
  if (WorksAlone(launch, in_several)) return LoneProcess();
  return absl::FailedPreconditionError(absl::StrCat(
      command, " was started as one of several tasks (", launch.variable,
      "), but this program was built without MPI, and each task would do the whole work. ",
      in_several ? "Build it with --config=mpi, or start one task"
                 : "Start one task; search and train can run as several tasks in a program that "
                   "was built with --config=mpi"));
}

}  // namespace pdarts
