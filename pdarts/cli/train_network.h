#ifndef PDARTS_CLI_TRAIN_NETWORK_H_
#define PDARTS_CLI_TRAIN_NETWORK_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pdarts/core/training.pb.h"
#include "pdarts/processes/process_group.h"

namespace pdarts {

/// Trains a network as a spec and the command line's flags say (--genotype and --run give the
/// architecture), and writes its run directory. Collective: the processes train the network
/// together, and the first one writes and prints.
/// \error `spec`'s own; what a user can get wrong, naming it; as CheckSameStart.
absl::Status TrainFromSpec(absl::StatusOr<TrainSpec> spec, ProcessGroup& processes);

/// The spec where none is given: the published settings on the space and dataset of --run, or of
/// --space and --dataset. \error what a user can get wrong in the flags.
absl::StatusOr<TrainSpec> MakeTrainSpecFromFlags();

/// The flags that a training takes.
std::vector<std::string> TrainFlags();

}  // namespace pdarts

#endif  // PDARTS_CLI_TRAIN_NETWORK_H_
