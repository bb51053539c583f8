#ifndef PDARTS_CLI_TRAIN_FLAGS_H_
#define PDARTS_CLI_TRAIN_FLAGS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pdarts/core/training.pb.h"
#include "pdarts/processes/process_group.h"

namespace pdarts {

/// Trains the network of a spec and of the flags (--genotype and --run give the architecture).
/// Shows the progress on standard error, writes a run directory, and prints the result on standard
/// output. \error as TrainFromSpec; mistakes of the user in the flags.
absl::Status TrainFromFlags(absl::StatusOr<TrainSpec> spec, ProcessGroup& processes);

/// The spec of a training if the user gives none: the published settings, on the space and dataset
/// of --run, or of --space and --dataset. \error mistakes of the user in the flags.
absl::StatusOr<TrainSpec> MakeTrainSpecFromFlags();

/// The flags of a training.
std::vector<std::string> TrainFlags();

}  // namespace pdarts

#endif  // PDARTS_CLI_TRAIN_FLAGS_H_
