#ifndef PDARTS_CLI_SEARCH_EXPERIMENT_H_
#define PDARTS_CLI_SEARCH_EXPERIMENT_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/processes/process_group.h"

namespace pdarts {

/// Runs a search of `spec`, changed by the command line's flags, with progress on standard error, a
/// run directory, and what was found on standard output. With --dry_run only builds every stage.
/// Collective: the processes compute the search together, and the first one writes and prints.
/// \error `spec`'s own; what a user can get wrong in the spec, flags, data and output directory; as
/// CheckSameStart.
absl::Status SearchExperiment(absl::StatusOr<ExperimentSpec> spec, ProcessGroup& processes);

}  // namespace pdarts

#endif  // PDARTS_CLI_SEARCH_EXPERIMENT_H_
