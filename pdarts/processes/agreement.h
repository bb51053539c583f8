#ifndef PDARTS_PROCESSES_AGREEMENT_H_
#define PDARTS_PROCESSES_AGREEMENT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/communicator.h"

namespace pdarts {

/// The functions below are collective. If the communicator has only one process, they return their
/// argument.

/// Tells every process whether all processes can continue. Returns OK if all statuses are OK.
/// Otherwise, it returns the error of the lowest rank, for which IsAgreed is then true. The message
/// names the process unless it is process 0.
/// \error also if this process cannot reach the others: its own error, or the error of the
/// communicator.
absl::Status Agree(Communicator& communicator, const absl::Status& own);

/// Runs `work` in process 0 only, and tells every process the result, as Agree does. If the
/// communicator has only one process, it returns the result of `work`.
absl::Status DoInFirst(Communicator& communicator, const std::function<absl::Status()>& work);

/// The number of each process, by rank. \error as Communicator::AllReduce.
absl::StatusOr<std::vector<int64_t>> Gather(Communicator& communicator, int64_t own);

/// Texts with names, such as a spec or a checksum.
using NamedTexts = std::vector<std::pair<std::string, std::string>>;

/// Checks that all processes have the same texts under the same names, in the same order.
/// \error kFailedPrecondition, agreed by all processes, naming a process, the text, and the first
/// line that differs from that of process 0; as Communicator::BroadcastText.
absl::Status CheckAllTheSame(Communicator& communicator, const NamedTexts& own);

/// Whether every process has this error and knows that all have it. Then only one of them reports
/// it.
bool IsAgreed(const absl::Status& status);

/// The same status, for which IsAgreed is true.
absl::Status MarkAgreed(absl::Status status);

}  // namespace pdarts

#endif  // PDARTS_PROCESSES_AGREEMENT_H_
