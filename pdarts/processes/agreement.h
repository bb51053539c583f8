#ifndef PDARTS_PROCESSES_AGREEMENT_H_
#define PDARTS_PROCESSES_AGREEMENT_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/communicator.h"

namespace pdarts {

/// The functions below are collective. With a communicator of size one they return what they are
/// given.

/// Tells every process whether all of them can go on. Returns OK if all statuses are, otherwise the
/// one of the lowest rank that has an error, for which IsAgreed is true then. The message names the
/// process if it is not process 0.
/// \error also what a process gets that can't reach the others: its own error, or the
/// communicator's.
absl::Status Agree(Communicator& communicator, const absl::Status& own);

/// The number of each process, by rank. \error as Communicator::AllReduce.
absl::StatusOr<std::vector<int64_t>> Gather(Communicator& communicator, int64_t own);

/// Names and values, such as the text of a spec or a checksum.
using NamedTexts = std::vector<std::pair<std::string, std::string>>;

/// Checks that all processes have the same texts under the same names, in the same order.
/// \error kFailedPrecondition on every process, agreed, that names a process, the text, and the
/// first line in which it differs from that of process 0; as Communicator::BroadcastText.
absl::Status CheckAllTheSame(Communicator& communicator, const NamedTexts& own);

/// Whether every process has this error and knows that. Then one of them reports it.
bool IsAgreed(const absl::Status& status);

/// The same status, for which IsAgreed is true.
absl::Status MarkAgreed(absl::Status status);

}  // namespace pdarts

#endif  // PDARTS_PROCESSES_AGREEMENT_H_
