#ifndef PDARTS_SESSIONS_TRAIN_NETWORK_H_
#define PDARTS_SESSIONS_TRAIN_NETWORK_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pdarts/core/training.pb.h"
#include "pdarts/processes/process_group.h"
#include "pdarts/sessions/session_options.h"

namespace pdarts {

/// Trains the network of a spec, writes its run directory, and prints the result. With
/// SessionOptions::dry_run, the function only estimates the memory and the time. Collective: the
/// processes train the network together, and process 0 writes and prints. \error the error of
/// `spec`; mistakes of the user, by name; as CheckSameStart.
absl::Status TrainFromSpec(absl::StatusOr<TrainSpec> spec, const SessionOptions& options,
                           ProcessGroup& processes);

}  // namespace pdarts

#endif  // PDARTS_SESSIONS_TRAIN_NETWORK_H_
