#ifndef PDARTS_SESSIONS_SEARCH_EXPERIMENT_H_
#define PDARTS_SESSIONS_SEARCH_EXPERIMENT_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/processes/process_group.h"
#include "pdarts/sessions/session_options.h"

namespace pdarts {

/// Runs a search of `spec`: writes a run directory, and prints the derived architecture. With
/// SessionOptions::dry_run, the function only builds every stage. Collective: the processes compute
/// the search together, and process 0 writes and prints. \error the error of `spec`; mistakes of
/// the user in the spec, the options, the data and the output directory; as CheckSameStart.
absl::Status SearchExperiment(absl::StatusOr<ExperimentSpec> spec, const SessionOptions& options,
                              ProcessGroup& processes);

}  // namespace pdarts

#endif  // PDARTS_SESSIONS_SEARCH_EXPERIMENT_H_
