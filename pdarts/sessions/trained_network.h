#ifndef PDARTS_SESSIONS_TRAINED_NETWORK_H_
#define PDARTS_SESSIONS_TRAINED_NETWORK_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "c10/core/Device.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/network.h"
#include "pdarts/core/training.h"
#include "pdarts/runs/model.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/sessions/session_options.h"
#include "pdarts/weights/weights.h"

namespace pdarts {

/// Weights of a trained network that a user named, and the description of the network.
struct TrainedWeights {
  std::string file;
  NamedTensors tensors;
  TrainSpec spec;              ///< of the network and its data, with the changes of the user
  std::optional<Model> model;  ///< the metadata of the weights
  std::string epoch;   ///< "last" or "best" if the weights belong to a training; otherwise empty
  TrainResult result;  ///< of the training of the run, if it is finished
};

/// A network that holds trained weights.
struct TrainedNetwork {
  Training training;
  NetworkShape shape;                ///< with an auxiliary head if the weights contain one
  c10::Device device;                ///< the device on which the network will compute
  std::shared_ptr<Network> network;  ///< on the CPU, in the precision of the training
};

/// Builds the network and loads the weights. \param classes the number of classes that the user
/// expects. \error as MakeTraining and LoadWeights; kInvalidArgument if the dataset has another
/// number of classes.
absl::StatusOr<TrainedNetwork> BuildTrainedNetwork(const TrainedWeights& weights,
                                                   std::optional<int> classes = std::nullopt);

/// Puts the network on its device and sets the modes of the device, before anything is computed.
/// \error as CheckPrecision. Throws c10::Error if the device does not start.
absl::Status PutOnDevice(const TrainedNetwork& trained);

/// Checks that measuring fits into the memory of the network's device that is free, unless
/// SessionOptions::allow_swap is set. Call it after PutOnDevice.
/// \param what names the work in the message: "the evaluation".
/// \param batch images that the network is given at once.
/// \error as EstimateEvaluationMemory and MemoryEstimate::CheckFits.
absl::Status CheckMemory(const std::string& what, const TrainedNetwork& trained, int64_t batch,
                         const SessionOptions& options);

/// Reads the test images, with the classes and the channel statistics of the network. If the
/// weights have no classes and statistics, those of the dataset are used, and a note for the user
/// is printed. \error as LoadDataOfRun.
absl::StatusOr<DatasetSplits> LoadTestImages(const TrainedWeights& weights, const Dataset& dataset,
                                             const SessionOptions& options);

/// The image shape, the classes and the channel statistics of the training. The data are read only
/// if the weights do not have this information. \error as LoadTestImages; kInvalidArgument if the
/// images of the weights and of the dataset have different shapes.
absl::StatusOr<DatasetInfo> TrainedInfo(const TrainedWeights& weights, const Dataset& dataset,
                                        const SessionOptions& options);

}  // namespace pdarts

#endif  // PDARTS_SESSIONS_TRAINED_NETWORK_H_
