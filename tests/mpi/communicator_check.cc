// communicator_test.sh starts this program as several processes. It checks what MpiCommunicator
// computes ("values"), measures how long a small and a large sum take ("times"), or kills one
// process ("death").

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "ATen/ops/arange.h"
#include "ATen/ops/full.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/communicator.h"
#include "pdarts/core/seconds_since.h"
#include "pdarts/processes/mpi_communicator.h"

namespace pdarts {
namespace {

at::Tensor Numbers(int64_t count, int rank, at::ScalarType type) {
  return at::arange(count, at::TensorOptions(type)).remainder(1000).add(rank);
}

/// Sums of these sizes use every method: complete buffers, shares of unequal length, and several
/// pieces.
absl::Status CheckSums(Communicator& communicator) {
  const int size = communicator.size();
  const int64_t ranks = size * (size - 1) / 2;
  for (const int64_t count : {int64_t{1}, int64_t{7}, int64_t{100001}, int64_t{20000003}}) {
    for (const at::ScalarType type : {at::kFloat, at::kDouble, at::kLong}) {
      if (count > 1000000 && type != at::kFloat) continue;
      const at::Tensor sum = Numbers(count, communicator.rank(), type);
      PDARTS_RETURN_IF_ERROR(communicator.AllReduce({sum}));
      if (!sum.equal(Numbers(count, 0, type).mul(size).add(ranks))) {
        return absl::InternalError(absl::StrCat("a sum of ", count, " numbers is wrong"));
      }
    }
  }
  return absl::OkStatus();
}

/// The float32 sum of these numbers depends on their order.
absl::Status CheckSameBits(Communicator& communicator) {
  for (const int64_t count : {int64_t{100}, int64_t{300001}}) {
    const at::Tensor sum = at::arange(1, count + 1, at::TensorOptions(at::kFloat))
                               .reciprocal()
                               .mul(1 + 0.37 * communicator.rank());
    PDARTS_RETURN_IF_ERROR(communicator.AllReduce({sum}));
    const at::Tensor of_zero = sum.clone();
    PDARTS_RETURN_IF_ERROR(communicator.Broadcast({of_zero}, 0));
    if (!sum.equal(of_zero)) return absl::InternalError("sums differ between processes");
  }
  return absl::OkStatus();
}

absl::Status CheckValues(Communicator& communicator) {
  PDARTS_RETURN_IF_ERROR(CheckSums(communicator));
  PDARTS_RETURN_IF_ERROR(CheckSameBits(communicator));
  const int last = communicator.size() - 1;
  const std::string text(100000000, 'x');  // longer than one piece
  PDARTS_ASSIGN_OR_RETURN(
      const std::string got,
      communicator.BroadcastText(communicator.rank() == last ? text : "mine", last));
  if (got != text) return absl::InternalError("a text has changed on its way");
  PDARTS_ASSIGN_OR_RETURN(const bool any, communicator.AnyTrue(communicator.rank() == last));
  PDARTS_ASSIGN_OR_RETURN(const bool none, communicator.AnyTrue(false));
  if (!any || none) return absl::InternalError("the flag is wrong");
  PDARTS_RETURN_IF_ERROR(communicator.Barrier());
  if (communicator.rank() == 0) std::cout << "values are right\n";
  return absl::OkStatus();
}

absl::Status MeasureTimes(Communicator& communicator) {
  for (const int64_t count : {int64_t{256}, int64_t{500000}}) {
    const at::Tensor sum = at::full({count}, 1.0f);
    PDARTS_RETURN_IF_ERROR(communicator.AllReduce({sum}));
    constexpr int kTimes = 50;
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < kTimes; ++i) PDARTS_RETURN_IF_ERROR(communicator.AllReduce({sum}));
    const double seconds = SecondsSince(begin);
    if (communicator.rank() == 0) {
      std::cout << count << " floats: " << 1e6 * seconds / kTimes << " us a sum\n";
    }
  }
  return absl::OkStatus();
}

/// The last process is killed, and the other processes wait for it.
absl::Status LoseOne(Communicator& communicator) {
  PDARTS_RETURN_IF_ERROR(communicator.Barrier());
  if (communicator.rank() == communicator.size() - 1) {
    std::cerr << "killed: " << getpid() << std::endl;
    kill(getpid(), SIGKILL);
  }
  return communicator.AllReduce({at::full({1000}, 1.0f)});
}

absl::Status Run(const std::string& mode) {
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<MpiCommunicator> communicator,
                          MpiCommunicator::Connect());
  const absl::Status status = mode == "values"  ? CheckValues(*communicator)
                              : mode == "times" ? MeasureTimes(*communicator)
                                                : LoseOne(*communicator);
  if (status.ok()) return communicator->Leave();
  communicator->LeaveWithError(status.message());
  std::cerr << "error: " << status.message() << std::endl;
  _exit(1);
}

}  // namespace
}  // namespace pdarts

int main(int argc, char** argv) {
  const absl::Status status = pdarts::Run(argc > 1 ? argv[1] : "");
  if (!status.ok()) std::cerr << "error: " << status.message() << std::endl;
  return status.ok() ? 0 : 1;
}
