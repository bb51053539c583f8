#ifndef PDARTS_CLI_TRAINED_NETWORK_FLAGS_H_
#define PDARTS_CLI_TRAINED_NETWORK_FLAGS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/sessions/trained_network.h"

namespace pdarts {

/// The flags of TrainedWeightsFromFlags and TrainedNetworkFromFlags.
std::vector<std::string> TrainedNetworkFlags();

/// Reads the weights of --run (of the epoch that --epoch selects, the last or the best) or of
/// --model or --weights. The network is described by the run, or by the metadata of the file, or by
/// the flags of NetworkFromFlags and --dataset. Prints on standard error which weights are used.
/// \param command the name of the command in messages.
/// \error kInvalidArgument naming the flag; as ReadTrainingSpec, ReadWeightsFile, ParseModel,
/// NetworkFromFlags and ApplyFlags.
absl::StatusOr<TrainedWeights> TrainedWeightsFromFlags(absl::string_view command);

/// Builds the network and loads the weights. \error as BuildTrainedNetwork, with the classes of
/// --classes.
absl::StatusOr<TrainedNetwork> TrainedNetworkFromFlags(const TrainedWeights& weights);

}  // namespace pdarts

#endif  // PDARTS_CLI_TRAINED_NETWORK_FLAGS_H_
