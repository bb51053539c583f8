#ifndef PDARTS_CLI_SEARCH_DRY_RUN_H_
#define PDARTS_CLI_SEARCH_DRY_RUN_H_

#include "absl/status/status.h"
#include "pdarts/core/experiment.h"

namespace pdarts {

/// Builds and times every stage of a search and prints on standard output what it holds, and how
/// much memory and time it is expected to take. Writes no file.
/// \param processes compute the search together; memory and time are those of each.
/// \param processes_here so many of them on this machine.
/// \error as RunSearch, where a search would end with one before its first step; a stage whose
/// memory is not free is printed and is no error.
absl::Status DryRunSearch(const Experiment& experiment, int processes, int processes_here);

}  // namespace pdarts

#endif  // PDARTS_CLI_SEARCH_DRY_RUN_H_
