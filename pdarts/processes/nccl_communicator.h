#ifndef PDARTS_PROCESSES_NCCL_COMMUNICATOR_H_
#define PDARTS_PROCESSES_NCCL_COMMUNICATOR_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "c10/core/Device.h"
#include "nccl.h"
#include "pdarts/core/communicator.h"
#include "pdarts/processes/mpi_communicator.h"

namespace pdarts {

/// Connects the processes of an MpiCommunicator also for tensors on CUDA devices. Each process has
/// its own device. Tensors on these devices use NCCL, and everything else uses MPI.
class NcclCommunicator : public Communicator {
 public:
  /// Collective. \param mpi must outlive the communicator. \param device the device of this
  /// process.
  /// \error kFailedPrecondition with the error of NCCL, for example if two processes use the same
  /// device.
  static absl::StatusOr<std::unique_ptr<NcclCommunicator>> Connect(MpiCommunicator* mpi,
                                                                   c10::Device device);
  ~NcclCommunicator() override;

  int rank() const override { return mpi_->rank(); }
  int size() const override { return mpi_->size(); }

 private:
  NcclCommunicator(MpiCommunicator* mpi, c10::Device device) : mpi_(mpi), device_(device) {}

  absl::Status DoAllReduce(const at::Tensor& buffer) override;
  absl::Status DoBroadcast(const at::Tensor& buffer, int root) override;
  absl::Status DoBarrier() override { return mpi_->Barrier(); }

  /// Waits for the operations on the current stream. `result` is the result of the call that added
  /// them.
  absl::Status Await(ncclResult_t result);
  absl::Status Failed(ncclResult_t result);

  MpiCommunicator* const mpi_;
  const c10::Device device_;
  ncclComm_t nccl_ = nullptr;
};

}  // namespace pdarts

#endif  // PDARTS_PROCESSES_NCCL_COMMUNICATOR_H_
