#ifndef PDARTS_SESSIONS_INITIAL_WEIGHTS_H_
#define PDARTS_SESSIONS_INITIAL_WEIGHTS_H_

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pdarts/core/training.pb.h"
#include "pdarts/runs/model.pb.h"
#include "pdarts/weights/weights.h"

namespace pdarts {

class Network;

/// The weights with which a training begins.
struct StartingWeights {
  std::string file;
  /// Unset if the file does not exist any more. A resumed run does not need it.
  std::optional<NamedTensors> tensors;
  std::optional<Model> model;  ///< the metadata of the file
};

/// Reads the file that initial_weights of the spec names, and writes the SHA-256 of the file into
/// the spec. Unset if the spec names no file.
/// \param before the spec of the resumed run, if there is one. It tells which weights the run began
///     with if the file does not exist any more or was renamed.
/// \param notes as SessionOptions::notes.
/// \error as ReadWeightsFile; kInvalidArgument naming initial_weights.sha256 if the file has
/// another SHA-256.
absl::StatusOr<std::optional<StartingWeights>> ReadInitialWeights(
    const std::optional<TrainSpec>& before, TrainSpec* spec, std::ostream* notes);

/// The order of classes by which labels are numbered, so that the labels fit the weights: the order
/// of the resumed run, or of the weights with which the training begins; empty for the order of the
/// dataset.
std::vector<std::string> ClassOrder(const std::optional<Model>& unfinished,
                                    const std::optional<StartingWeights>& weights,
                                    const TrainSpec& spec);

/// Copies the weights into a network. \error as LoadWeights; kNotFound if the file does not exist
/// any more.
absl::Status LoadInitialWeights(const StartingWeights& weights, const TrainSpec& spec,
                                Network* network);

}  // namespace pdarts

#endif  // PDARTS_SESSIONS_INITIAL_WEIGHTS_H_
