#include "pdarts/processes/mpi_communicator.h"

#include <sched.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "ATen/ops/empty.h"
#include "ATen/ops/empty_like.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

/// The maximum size of a buffer, times the number of processes, that is sent completely to every
/// process, because one exchange then takes less time than two. Between two processes, this never
/// causes more traffic.
constexpr int64_t kWholeBytes = int64_t{1} << 18;
/// Larger buffers are summed in pieces, because MPI counts in `int`.
constexpr int64_t kPieceBytes = int64_t{1} << 26;

/// How long a process waits for the name of the process that has ended, if MPI noticed the end
/// first.
constexpr double kNameSeconds = 3;

/// Gives the processor to other processes, for longer pauses the longer this process has waited.
/// MPI makes progress only while it is called. So the process begins to sleep only after about a
/// second, which is longer than any step waits.
void Pause(int64_t tries) {
  constexpr int64_t kSpins = 10000, kYields = 1000000;
  if (tries < kSpins) return;
  if (tries < kYields) {
    sched_yield();
    return;
  }
  const timespec pause = {0, 1000000};
  nanosleep(&pause, nullptr);
}

int Bytes(const at::Tensor& buffer) { return static_cast<int>(buffer.nbytes()); }

}  // namespace

absl::StatusOr<std::unique_ptr<MpiCommunicator>> MpiCommunicator::Connect() {
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided);
  MPI_Comm communicator;
  MPI_Comm_dup(MPI_COMM_WORLD, &communicator);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_set_errhandler(communicator, MPI_ERRORS_RETURN);
  int rank = 0, size = 0;
  MPI_Comm_rank(communicator, &rank);
  MPI_Comm_size(communicator, &size);
  std::unique_ptr<MpiCommunicator> connected(new MpiCommunicator(communicator, rank, size));
  if (provided < MPI_THREAD_SERIALIZED) {
    return absl::FailedPreconditionError("this MPI was built without support for threads");
  }
  if (size == 1) return connected;
  ProcessWatch::Options options;
  absl::StatusOr<std::unique_ptr<ProcessWatch>> watch;
  std::string address;
  if (rank == 0) {
    watch = ProcessWatch::Lead(size, options);
    if (watch.ok()) address = (*watch)->address();
  }
  PDARTS_ASSIGN_OR_RETURN(address, connected->BroadcastText(std::move(address), 0));
  if (rank != 0) watch = ProcessWatch::Join(rank, size, address, options);
  PDARTS_ASSIGN_OR_RETURN(const bool any_failed, connected->AnyTrue(!watch.ok()));
  if (!watch.ok()) return watch.status();
  if (any_failed) {
    return absl::UnavailableError(
        "another process of the run cannot reach process 0; see its error");
  }
  connected->watch_ = *std::move(watch);
  return connected;
}

MpiCommunicator::MpiCommunicator(MPI_Comm communicator, int rank, int size)
    : communicator_(communicator), rank_(rank), size_(size) {}

MpiCommunicator::~MpiCommunicator() {
  if (is_connected_) LeaveWithError("the process has lost its communicator");
}

absl::Status MpiCommunicator::Leave() {
  // The watch continues until all processes are here, because a process that ends earlier must be
  // noticed.
  PDARTS_RETURN_IF_ERROR(Barrier());
  if (watch_ != nullptr) watch_->Leave();
  is_connected_ = false;
  MPI_Comm_free(&communicator_);
  MPI_Finalize();
  return absl::OkStatus();
}

void MpiCommunicator::LeaveWithError(absl::string_view message) {
  if (watch_ != nullptr) watch_->LeaveWithError(message);
  is_connected_ = false;
}

absl::Status MpiCommunicator::DoAllReduce(const at::Tensor& buffer) {
  CHECK(buffer.device().is_cpu());
  const int64_t piece = kPieceBytes / static_cast<int64_t>(buffer.element_size());
  for (int64_t begin = 0; begin < buffer.numel(); begin += piece) {
    const at::Tensor part = buffer.narrow(0, begin, std::min(piece, buffer.numel() - begin));
    const bool whole = size_ == 2 || Bytes(part) * static_cast<int64_t>(size_) <= kWholeBytes;
    PDARTS_RETURN_IF_ERROR(whole ? SumWhole(part) : SumShares(part));
  }
  return absl::OkStatus();
}

absl::Status MpiCommunicator::SumWhole(const at::Tensor& buffer) {
  const at::Tensor parts = at::empty({size_, buffer.numel()}, buffer.options());
  MPI_Request request;
  const int made =
      MPI_Iallgather(buffer.const_data_ptr(), Bytes(buffer), MPI_BYTE, parts.mutable_data_ptr(),
                     Bytes(buffer), MPI_BYTE, communicator_, &request);
  PDARTS_RETURN_IF_ERROR(Await(made, &request));
  SumInOrder(parts.unbind(0), buffer);
  return absl::OkStatus();
}

absl::Status MpiCommunicator::SumShares(const at::Tensor& buffer) {
  const auto element = static_cast<int64_t>(buffer.element_size());
  const PositionRange own = Share(buffer.numel());
  const int own_bytes = static_cast<int>(own.size() * element);
  // Process r gets its share of the buffer of every process.
  std::vector<int> share_bytes(size_), share_begins(size_), part_bytes(size_, own_bytes),
      part_begins(size_);
  for (int r = 0; r < size_; ++r) {
    const PositionRange share = Share(buffer.numel(), r);
    share_begins[r] = static_cast<int>(share.begin * element);
    share_bytes[r] = static_cast<int>(share.size() * element);
    part_begins[r] = r * own_bytes;
  }
  const at::Tensor parts = at::empty({size_, own.size()}, buffer.options());
  MPI_Request request;
  int made = MPI_Ialltoallv(buffer.const_data_ptr(), share_bytes.data(), share_begins.data(),
                            MPI_BYTE, parts.mutable_data_ptr(), part_bytes.data(),
                            part_begins.data(), MPI_BYTE, communicator_, &request);
  PDARTS_RETURN_IF_ERROR(Await(made, &request));
  const at::Tensor sum = at::empty({own.size()}, buffer.options());
  SumInOrder(parts.unbind(0), sum);
  made =
      MPI_Iallgatherv(sum.const_data_ptr(), own_bytes, MPI_BYTE, buffer.mutable_data_ptr(),
                      share_bytes.data(), share_begins.data(), MPI_BYTE, communicator_, &request);
  return Await(made, &request);
}

absl::Status MpiCommunicator::DoBroadcast(const at::Tensor& buffer, int root) {
  CHECK(buffer.device().is_cpu());
  char* bytes = static_cast<char*>(buffer.mutable_data_ptr());
  const auto total = static_cast<int64_t>(buffer.nbytes());
  for (int64_t begin = 0; begin < total; begin += kPieceBytes) {
    const int length = static_cast<int>(std::min(kPieceBytes, total - begin));
    MPI_Request request;
    const int made = MPI_Ibcast(bytes + begin, length, MPI_BYTE, root, communicator_, &request);
    PDARTS_RETURN_IF_ERROR(Await(made, &request));
  }
  return absl::OkStatus();
}

absl::Status MpiCommunicator::DoBarrier() {
  MPI_Request request;
  const int made = MPI_Ibarrier(communicator_, &request);
  return Await(made, &request);
}

absl::Status MpiCommunicator::Await(int made, MPI_Request* request) {
  if (made != MPI_SUCCESS) return Failed(made);
  for (int64_t tries = 0;; ++tries) {
    int is_done = 0;
    const int tested = MPI_Test(request, &is_done, MPI_STATUS_IGNORE);
    if (tested != MPI_SUCCESS) return Failed(tested);
    if (is_done != 0) return absl::OkStatus();
    PDARTS_RETURN_IF_ERROR(CheckOthers());
    Pause(tries);
  }
}

absl::Status MpiCommunicator::CheckOthers() const {
  return watch_ == nullptr || watch_->AllWell() ? absl::OkStatus() : watch_->status();
}

absl::Status MpiCommunicator::AwaitNews() const {
  return watch_ == nullptr ? absl::OkStatus() : watch_->AwaitStatus(kNameSeconds);
}

absl::Status MpiCommunicator::Failed(int error) {
  PDARTS_RETURN_IF_ERROR(AwaitNews());
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(error, text, &length);
  return absl::UnavailableError(absl::StrCat("MPI has failed: ", absl::string_view(text, length)));
}

}  // namespace pdarts
