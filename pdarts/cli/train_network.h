#ifndef PDARTS_CLI_TRAIN_NETWORK_H_
#define PDARTS_CLI_TRAIN_NETWORK_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "pdarts/core/training.pb.h"

namespace pdarts {

/// Trains a network as a spec and the command line's flags say (--genotype and --run give the
/// architecture), and writes its run directory.
/// \error what a user can get wrong, naming it.
absl::Status TrainFromSpec(TrainSpec spec);

/// The same where no spec is given: the published settings on the space and dataset of --run, or of
/// --space and --dataset.
absl::Status TrainFromFlags();

/// The flags that a training takes.
std::vector<std::string> TrainFlags();

}  // namespace pdarts

#endif  // PDARTS_CLI_TRAIN_NETWORK_H_
