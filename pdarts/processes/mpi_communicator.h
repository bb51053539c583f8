#ifndef PDARTS_PROCESSES_MPI_COMMUNICATOR_H_
#define PDARTS_PROCESSES_MPI_COMMUNICATOR_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mpi.h"
#include "pdarts/core/communicator.h"
#include "pdarts/processes/process_watch.h"

namespace pdarts {

/// Connects the processes that one `mpirun` or `srun` has started, for tensors on the CPU.
///
/// MPI only moves bytes. Every process adds the summands itself, in the order of the ranks. So a
/// sum has the same bits on every process and in every run, whatever algorithm and network MPI
/// uses. A small buffer is sent completely to every process. For a large buffer, each process
/// computes the sum of its share. The traffic of all processes together is then that of MPI's
/// all-reduce.
///
/// No call blocks in MPI. A process that waits calls MPI again and again, so that it notices when
/// another process has ended.
class MpiCommunicator : public Communicator {
 public:
  /// Initializes MPI, which is possible only once in a process. Collective.
  /// \error kFailedPrecondition if MPI was built without support for threads; kUnavailable if
  /// process 0 cannot be reached by TCP.
  static absl::StatusOr<std::unique_ptr<MpiCommunicator>> Connect();

  /// Does the same as LeaveWithError, if neither Leave nor LeaveWithError was called.
  ~MpiCommunicator() override;

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  /// OK as long as no other process has ended; otherwise kUnavailable naming a process that has
  /// ended. Not collective.
  absl::Status CheckOthers() const;
  /// Does the same as CheckOthers for a process whose connection has failed: it waits some seconds
  /// for the name of the process that has ended.
  absl::Status AwaitNews() const;

  /// Ends the connection when all processes have called it. Collective.
  absl::Status Leave();
  /// Ends the connection at once. The other processes learn that this process ends with an error.
  /// MPI cannot be shut down properly then, so the process should end with _exit.
  void LeaveWithError(absl::string_view message);

 private:
  MpiCommunicator(MPI_Comm communicator, int rank, int size);

  absl::Status DoAllReduce(const at::Tensor& buffer) override;
  absl::Status DoBroadcast(const at::Tensor& buffer, int root) override;
  absl::Status DoBarrier() override;

  absl::Status SumWhole(const at::Tensor& buffer);
  absl::Status SumShares(const at::Tensor& buffer);
  /// Waits for a request of MPI. `made` is the result of the call that made it.
  absl::Status Await(int made, MPI_Request* request);
  absl::Status Failed(int error);

  MPI_Comm communicator_;
  const int rank_, size_;
  std::unique_ptr<ProcessWatch> watch_;
  bool is_connected_ = true;
};

}  // namespace pdarts

#endif  // PDARTS_PROCESSES_MPI_COMMUNICATOR_H_
