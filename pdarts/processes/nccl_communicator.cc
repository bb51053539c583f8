#include "pdarts/processes/nccl_communicator.h"

#include <sched.h>

#include <cstring>
#include <string>
#include <utility>

#include "ATen/core/Tensor.h"
#include "absl/strings/str_cat.h"
#include "c10/cuda/CUDAGuard.h"
#include "c10/cuda/CUDAStream.h"
#include "cuda_runtime_api.h"
#include "glog/logging.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

ncclDataType_t TypeOf(const at::Tensor& buffer) {
  if (buffer.scalar_type() == at::kFloat) return ncclFloat32;
  if (buffer.scalar_type() == at::kDouble) return ncclFloat64;
  CHECK(buffer.scalar_type() == at::kLong);
  return ncclInt64;
}

std::string TextOf(ncclResult_t error) {
  return absl::StrCat(ncclGetErrorString(error), " (", ncclGetLastError(nullptr), ")");
}

}  // namespace

absl::StatusOr<std::unique_ptr<NcclCommunicator>> NcclCommunicator::Connect(MpiCommunicator* mpi,
                                                                            c10::Device device) {
  std::unique_ptr<NcclCommunicator> connected(new NcclCommunicator(mpi, device));
  ncclUniqueId id = {};
  ncclResult_t result = ncclSuccess;
  if (mpi->rank() == 0) result = ncclGetUniqueId(&id);
  PDARTS_ASSIGN_OR_RETURN(const std::string text,
                          mpi->BroadcastText(std::string(id.internal, sizeof(id.internal)), 0));
  std::memcpy(id.internal, text.data(), sizeof(id.internal));
  const c10::cuda::CUDAGuard guard(device);
  if (result == ncclSuccess) {
    result = ncclCommInitRank(&connected->nccl_, mpi->size(), id, mpi->rank());
  }
  if (result == ncclSuccess) return connected;
  return absl::FailedPreconditionError(absl::StrCat(
      "NCCL cannot connect the processes of the run on ", device.str(), ": ", TextOf(result)));
}

NcclCommunicator::~NcclCommunicator() {
  if (nccl_ != nullptr) ncclCommDestroy(nccl_);
}

absl::Status NcclCommunicator::DoAllReduce(const at::Tensor& buffer) {
  if (buffer.device().is_cpu()) return mpi_->AllReduce({buffer});
  const c10::cuda::CUDAGuard guard(device_);
  void* const data = buffer.mutable_data_ptr();
  return Await(ncclAllReduce(data, data, static_cast<size_t>(buffer.numel()), TypeOf(buffer),
                             ncclSum, nccl_, c10::cuda::getCurrentCUDAStream().stream()));
}

absl::Status NcclCommunicator::DoBroadcast(const at::Tensor& buffer, int root) {
  if (buffer.device().is_cpu()) return mpi_->Broadcast({buffer}, root);
  const c10::cuda::CUDAGuard guard(device_);
  void* const data = buffer.mutable_data_ptr();
  return Await(ncclBroadcast(data, data, buffer.nbytes(), ncclUint8, root, nccl_,
                             c10::cuda::getCurrentCUDAStream().stream()));
}

absl::Status NcclCommunicator::Await(ncclResult_t result) {
  if (result != ncclSuccess) return Failed(result);
  for (;;) {
    const cudaError_t stream = cudaStreamQuery(c10::cuda::getCurrentCUDAStream().stream());
    if (stream == cudaSuccess) return absl::OkStatus();
    if (stream != cudaErrorNotReady) return absl::InternalError(cudaGetErrorString(stream));
    ncclResult_t later = ncclSuccess;
    ncclCommGetAsyncError(nccl_, &later);
    if (later != ncclSuccess) return Failed(later);
    if (const absl::Status others = mpi_->CheckOthers(); !others.ok()) {
      // Frees the stream of an operation that waits for a process that has ended.
      ncclCommAbort(std::exchange(nccl_, nullptr));
      return others;
    }
    sched_yield();
  }
}

absl::Status NcclCommunicator::Failed(ncclResult_t result) {
  PDARTS_RETURN_IF_ERROR(mpi_->AwaitNews());
  return absl::UnavailableError(absl::StrCat("NCCL has failed: ", TextOf(result)));
}

}  // namespace pdarts
