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
/// MPI moves bytes only: every process adds the parts of a sum itself, in the order of the ranks.
/// So a sum has the same bits on every process and in every run, whatever algorithm and network MPI
/// uses. Small buffers are sent whole to every process. Of a large one each process adds its share,
/// which makes the sum of all processes as much traffic as MPI's own all-reduce.
///
/// No call blocks in MPI: a process waits by asking again and again, so that it notices when
/// another one has ended.
class MpiCommunicator : public Communicator {
 public:
  /// Initializes MPI, which a process can do once. Collective.
  /// \error kFailedPrecondition if MPI was built without support for threads; kUnavailable if
  /// process 0 can't be reached by TCP.
  static absl::StatusOr<std::unique_ptr<MpiCommunicator>> Connect();

  /// As LeaveWithError, if neither Leave nor LeaveWithError was called.
  ~MpiCommunicator() override;

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  /// OK while no other process has ended; else kUnavailable naming one. Not collective.
  absl::Status CheckOthers() const;
  /// The same, for a process that has seen a connection fail: waits some seconds for the name of
  /// the process that has ended.
  absl::Status AwaitNews() const;

  /// Ends the connection when all processes have called it. Collective.
  absl::Status Leave();
  /// Ends the connection at once; the others learn that this process ends with an error. MPI can't
  /// be shut down in order then: the process should end by _exit.
  void LeaveWithError(absl::string_view message);

 private:
  MpiCommunicator(MPI_Comm communicator, int rank, int size);

  absl::Status DoAllReduce(const at::Tensor& buffer) override;
  absl::Status DoBroadcast(const at::Tensor& buffer, int root) override;
  absl::Status DoBarrier() override;

  absl::Status SumWhole(const at::Tensor& buffer);
  absl::Status SumShares(const at::Tensor& buffer);
  /// Waits for a request that has been made with this result.
  absl::Status Await(int made, MPI_Request* request);
  absl::Status Failed(int error);

  MPI_Comm communicator_;
  const int rank_, size_;
  std::unique_ptr<ProcessWatch> watch_;
  bool is_connected_ = true;
};

}  // namespace pdarts

#endif  // PDARTS_PROCESSES_MPI_COMMUNICATOR_H_
