#ifndef PDARTS_CLI_SEARCH_FLAGS_H_
#define PDARTS_CLI_SEARCH_FLAGS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/processes/process_group.h"

namespace pdarts {

/// Runs a search of `spec`, which the flags of the command line change. Shows the progress on
/// standard error, writes a run directory, and prints the derived architecture on standard output.
/// With --dry_run, the function only builds every stage. \error as SearchExperiment; mistakes of
/// the user in the flags.
absl::Status SearchFromFlags(absl::StatusOr<ExperimentSpec> spec, ProcessGroup& processes);

}  // namespace pdarts

#endif  // PDARTS_CLI_SEARCH_FLAGS_H_
