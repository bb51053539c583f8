#ifndef PDARTS_PROCESSES_PROCESS_GROUP_H_
#define PDARTS_PROCESSES_PROCESS_GROUP_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "c10/core/Device.h"
#include "pdarts/core/communicator.h"

namespace pdarts {

/// This process and those that were started together with it to compute one run.
class ProcessGroup {
 public:
  virtual ~ProcessGroup() = default;

  /// Connects the processes, for tensors on the CPU.
  virtual Communicator& communicator() = 0;

  /// Connects them for tensors on any device of this process. Collective. Lives as long as the
  /// group.
  /// \error kFailedPrecondition if the program can't sum tensors on such devices over processes.
  virtual absl::StatusOr<Communicator*> CommunicatorFor(c10::Device device) = 0;

  /// Ends the connection when the work of all processes is done. Collective.
  /// \error as Communicator::Barrier.
  virtual absl::Status Leave() = 0;

  /// Ends it at once and tells the others the error that ends this process. Returns whether the
  /// process must end by _exit, because libraries would wait for the others at a usual end.
  virtual bool LeaveWithError(absl::string_view message) = 0;
};

/// The group of a process that was started alone.
std::unique_ptr<ProcessGroup> LoneProcess();

/// Connects the processes that mpirun or srun has started together. Which implementation a program
/// has is decided by its build: see `process_group` in this package's BUILD file.
/// \param command what the user has called, for messages.
/// \param in_several whether several processes can do it together.
/// \error kFailedPrecondition, before anything is connected, if this process is one of several, and
/// the program was built without MPI or the command is for one process. A command for one process
/// may stand in the script of a Slurm job of several tasks.
absl::StatusOr<std::unique_ptr<ProcessGroup>> ConnectProcesses(const std::string& command,
                                                               bool in_several);

}  // namespace pdarts

#endif  // PDARTS_PROCESSES_PROCESS_GROUP_H_
