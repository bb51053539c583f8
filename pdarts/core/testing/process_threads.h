#ifndef PDARTS_CORE_TESTING_PROCESS_THREADS_H_
#define PDARTS_CORE_TESTING_PROCESS_THREADS_H_

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "pdarts/core/communicator.h"

namespace pdarts {

/// Runs `body` once for each of `size` processes, each on a thread of its own. The communicators
/// connect these threads as others connect processes, and they sum in the order of the ranks.
///
/// A body that returns is a process that has ended: the others' collective calls return
/// kUnavailable from then on. A collective call of two processes that differ in kind or in size is
/// kInternal.
/// \returns what each body has returned, by rank.
std::vector<absl::Status> RunProcesses(int size,
                                       const std::function<absl::Status(Communicator&)>& body);

/// Expects that each status is OK.
void ExpectAllOk(const std::vector<absl::Status>& statuses);

}  // namespace pdarts

#endif  // PDARTS_CORE_TESTING_PROCESS_THREADS_H_
