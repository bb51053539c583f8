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

/// This process, and the processes that were started with it to compute one run.
class ProcessGroup {
 public:
  virtual ~ProcessGroup() = default;

  /// Connects the processes, for tensors on the CPU.
  virtual Communicator& communicator() = 0;

  /// Connects the processes for tensors on any device of this process. Collective. The communicator
  /// lives as long as the group.
  /// \error kFailedPrecondition if the program cannot compute sums over processes on such devices.
  virtual absl::StatusOr<Communicator*> CommunicatorFor(c10::Device device) = 0;

  /// Ends the connection when the work of all processes is done. Collective.
  /// \error as Communicator::Barrier.
  virtual absl::Status Leave() = 0;

  /// Ends the connection at once, and tells the other processes the error with which this process
  /// ends. Returns whether the process must end with _exit, because libraries would wait for the
  /// other processes at a normal end.
  virtual bool LeaveWithError(absl::string_view message) = 0;
};

/// The group of a process that was started without others.
std::unique_ptr<ProcessGroup> LoneProcess();

/// Connects the processes that mpirun or srun has started together. The build of the program
/// selects the implementation: see `process_group` in the BUILD file of this package.
/// \param command the command of the user, for messages.
/// \param in_several whether several processes can execute the command together.
/// \error kFailedPrecondition, before anything is connected, if this process is one of several and
/// the program was built without MPI or the command is for one process. A command for one process
/// may be in the script of a Slurm job with several tasks.
absl::StatusOr<std::unique_ptr<ProcessGroup>> ConnectProcesses(const std::string& command,
                                                               bool in_several);

}  // namespace pdarts

#endif  // PDARTS_PROCESSES_PROCESS_GROUP_H_
