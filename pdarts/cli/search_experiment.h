#ifndef PDARTS_CLI_SEARCH_EXPERIMENT_H_
#define PDARTS_CLI_SEARCH_EXPERIMENT_H_

#include "absl/status/status.h"
#include "pdarts/core/experiment.pb.h"

namespace pdarts {

/// Runs a search of `spec`, changed by the command line's flags, with progress on standard error, a
/// run directory, and what was found on standard output. With --dry_run only builds every stage.
/// \error what a user can get wrong in the spec, flags, data and output directory.
absl::Status SearchExperiment(ExperimentSpec spec);

}  // namespace pdarts

#endif  // PDARTS_CLI_SEARCH_EXPERIMENT_H_
