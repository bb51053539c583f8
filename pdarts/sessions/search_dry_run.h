#ifndef PDARTS_SESSIONS_SEARCH_DRY_RUN_H_
#define PDARTS_SESSIONS_SEARCH_DRY_RUN_H_

#include "absl/status/status.h"
#include "pdarts/core/experiment.h"
#include "pdarts/sessions/session_options.h"

namespace pdarts {

/// Builds and times every stage of a search. Prints the content of each stage, and its memory and
/// time estimates. Writes no file.
/// \param processes the number of processes that compute the search together; memory and time
/// belong to each process.
/// \param processes_here the number of these processes on this machine.
/// \error as RunSearch, if a search would fail before its first step. If the memory of a stage is
/// not free, this is printed, and is not an error.
absl::Status DryRunSearch(const Experiment& experiment, const SessionOptions& options,
                          int processes, int processes_here);

}  // namespace pdarts

#endif  // PDARTS_SESSIONS_SEARCH_DRY_RUN_H_
