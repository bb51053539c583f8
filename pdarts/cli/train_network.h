#ifndef PDARTS_CLI_TRAIN_NETWORK_H_
#define PDARTS_CLI_TRAIN_NETWORK_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pdarts/core/training.pb.h"
#include "pdarts/processes/process_group.h"

namespace pdarts {

/// Trains the network of a spec and of the flags (--genotype and --run give the architecture), and
/// writes its run directory. Collective: the processes train the network together, and process 0
/// writes and prints.
/// \error the error of `spec`; mistakes of the user, by name; as CheckSameStart.
absl::Status TrainFromSpec(absl::StatusOr<TrainSpec> spec, ProcessGroup& processes);

/// The spec of a training if the user gives none: the published settings, on the space and dataset
/// of --run, or of --space and --dataset. \error mistakes of the user in the flags.
absl::StatusOr<TrainSpec> MakeTrainSpecFromFlags();

/// The flags of a training.
std::vector<std::string> TrainFlags();

}  // namespace pdarts

#endif  // PDARTS_CLI_TRAIN_NETWORK_H_
