#include "pdarts/core/testing/process_threads.h"

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

/// The place where the threads exchange their parts.
class Meeting {
 public:
  explicit Meeting(int size) : parts_(size), calls_(size), size_(size) {}

  int size() const { return size_; }

  /// Waits until every thread has passed its part, and returns all parts, by rank.
  /// \param call: its kind and arguments, which must be the same on all threads.
  absl::StatusOr<std::vector<at::Tensor>> Exchange(int rank, const std::string& call,
                                                   const at::Tensor& part) {
    std::unique_lock<std::mutex> lock(mutex_);
    parts_[rank] = part;
    calls_[rank] = call;
    PDARTS_RETURN_IF_ERROR(WaitForAll(lock));
    std::vector<at::Tensor> parts = parts_;
    absl::Status status;
    for (int other = 0; other < size_; ++other) {
      if (calls_[other] != call) {
        status = absl::InternalError(absl::StrCat("process ", rank, " calls ", call, ", process ",
                                                  other, " calls ", calls_[other]));
      }
    }
    // No thread may pass its next part before all threads have received the parts of this call.
    PDARTS_RETURN_IF_ERROR(WaitForAll(lock));
    PDARTS_RETURN_IF_ERROR(status);
    return parts;
  }

  void End(int rank) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (ended_ < 0) ended_ = rank;  // the others end because of this end
    changed_.notify_all();
  }

 private:
  absl::Status WaitForAll(std::unique_lock<std::mutex>& lock) {
    const int meeting = meeting_;
    if (++present_ == size_) {
      present_ = 0;
      ++meeting_;
      changed_.notify_all();
      return absl::OkStatus();
    }
    changed_.wait(lock, [&] { return meeting_ != meeting || ended_ >= 0; });
    if (meeting_ != meeting) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat("process ", ended_, " of ", size_, " has ended"));
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<at::Tensor> parts_;
  std::vector<std::string> calls_;
  const int size_;
  int present_ = 0;
  int meeting_ = 0;
  int ended_ = -1;  ///< rank of the first process that has ended
};

class ThreadCommunicator : public Communicator {
 public:
  ThreadCommunicator(int rank, Meeting* meeting) : rank_(rank), meeting_(meeting) {}

  int rank() const override { return rank_; }
  int size() const override { return meeting_->size(); }

 private:
  absl::Status DoAllReduce(const at::Tensor& buffer) override {
    // A copy, because the other threads still read the buffer when this thread continues.
    PDARTS_ASSIGN_OR_RETURN(const std::vector<at::Tensor> parts,
                            meeting_->Exchange(rank_, Call("AllReduce", buffer), buffer.clone()));
    SumInOrder(parts, buffer);
    return absl::OkStatus();
  }

  absl::Status DoBroadcast(const at::Tensor& buffer, int root) override {
    PDARTS_ASSIGN_OR_RETURN(
        const std::vector<at::Tensor> parts,
        meeting_->Exchange(rank_, Call(absl::StrCat("Broadcast from ", root), buffer),
                           buffer.clone()));
    if (rank_ != root) buffer.copy_(parts[root]);
    return absl::OkStatus();
  }

  absl::Status DoBarrier() override {
    return meeting_->Exchange(rank_, "Barrier", at::Tensor()).status();
  }

  static std::string Call(const std::string& kind, const at::Tensor& buffer) {
    return absl::StrCat(kind, " of ", buffer.numel(), " elements of ",
                        c10::toString(buffer.scalar_type()));
  }

  const int rank_;
  Meeting* const meeting_;
};

}  // namespace

std::vector<absl::Status> RunProcesses(int size,
                                       const std::function<absl::Status(Communicator&)>& body) {
  Meeting meeting(size);
  std::vector<absl::Status> statuses(size);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      ThreadCommunicator communicator(rank, &meeting);
      statuses[rank] = body(communicator);
      meeting.End(rank);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return statuses;
}

void ExpectAllOk(const std::vector<absl::Status>& statuses) {
  for (const absl::Status& status : statuses) EXPECT_TRUE(status.ok()) << status;
}

}  // namespace pdarts
