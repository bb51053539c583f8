#ifndef PDARTS_CORE_TESTING_PROCESS_THREADS_H_
#define PDARTS_CORE_TESTING_PROCESS_THREADS_H_

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "pdarts/core/communicator.h"

namespace pdarts {

/// Runs `body` once for each of `size` processes, each on a thread of its own. The communicators
/// connect these threads like processes, and they sum in the order of the ranks.
///
/// If a body returns, its process counts as ended: from then on, the collective calls of the other
/// processes return kUnavailable. If the collective calls of two processes differ in kind or in
/// size, they return kInternal. \returns the results of the bodies, by rank.
std::vector<absl::Status> RunProcesses(int size,
                                       const std::function<absl::Status(Communicator&)>& body);

/// Expects that each status is OK.
void ExpectAllOk(const std::vector<absl::Status>& statuses);

}  // namespace pdarts

#endif  // PDARTS_CORE_TESTING_PROCESS_THREADS_H_
