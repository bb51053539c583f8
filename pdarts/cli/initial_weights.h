#ifndef PDARTS_CLI_INITIAL_WEIGHTS_H_
#define PDARTS_CLI_INITIAL_WEIGHTS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pdarts/core/training.pb.h"
#include "pdarts/runs/model.pb.h"
#include "pdarts/runs/weights.h"

namespace pdarts {

class Network;

/// Puts what --weights and --weights_except name into the spec.
/// \error kInvalidArgument if layers are left out of no weights.
absl::Status SetInitialWeights(TrainSpec* spec);

/// The weights that a training begins with.
struct StartingWeights {
  std::string file;
  /// Nothing where the file is gone, which an unfinished run does not need any more.
  std::optional<NamedTensors> tensors;
  std::optional<Model> model;  ///< what the file says of itself
};

/// Reads what the spec's initial_weights name, and writes the file's SHA-256 into the spec; nothing
/// where the spec names none.
/// \param before the spec of the run that goes on, if one does. It says what the run began with
///     where the file is gone or has another name now.
/// \error as ReadWeightsFile; kInvalidArgument naming initial_weights.sha256 if the file is
/// another.
absl::StatusOr<std::optional<StartingWeights>> ReadInitialWeights(
    const std::optional<TrainSpec>& before, TrainSpec* spec);

/// The order of classes in which labels are numbered, so that the weights stay right: that of the
/// run that goes on, or of the weights that the training begins with; empty: the dataset's own.
std::vector<std::string> ClassOrder(const std::optional<Model>& unfinished,
                                    const std::optional<StartingWeights>& weights,
                                    const TrainSpec& spec);

/// Writes the weights into a network. \error as LoadWeights; kNotFound if the file is gone.
absl::Status LoadInitialWeights(const StartingWeights& weights, const TrainSpec& spec,
                                Network* network);

}  // namespace pdarts

#endif  // PDARTS_CLI_INITIAL_WEIGHTS_H_
