#ifndef PDARTS_CLI_TRAINED_NETWORK_H_
#define PDARTS_CLI_TRAINED_NETWORK_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "c10/core/Device.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/network.h"
#include "pdarts/core/training.h"
#include "pdarts/runs/model.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/weights.h"

namespace pdarts {

/// Weights of a trained network that a user named, and what is known of the network.
struct TrainedWeights {
  std::string file;
  NamedTensors tensors;
  TrainSpec spec;              ///< of the network and its data, with the command line's settings
  std::optional<Model> model;  ///< what the weights say of themselves
  std::string epoch;           ///< "last" or "best" of a run's training; else empty
  TrainResult result;          ///< of a run's training, where it is finished
};

/// A network that holds trained weights.
struct TrainedNetwork {
  Training training;
  NetworkShape shape;                ///< with an auxiliary head if the weights have one
  c10::Device device;                ///< where the network is meant to compute
  std::shared_ptr<Network> network;  ///< still on the CPU, in the precision of the training
};

/// The flags that TrainedWeightsFromFlags and BuildTrainedNetwork read.
std::vector<std::string> TrainedNetworkFlags();

/// Reads the weights of --run (of its last or best epoch, as --epoch says) or of --model or
/// --weights. The network is that of the run, of what the file says of itself, or of the flags of
/// NetworkFromFlags and --dataset. Tells the user on standard error which weights are taken.
/// \param command names the command in messages.
/// \error kInvalidArgument naming the flag; as ReadTrainingSpec, ReadWeightsFile, ParseModel,
/// NetworkFromFlags and ApplyFlags.
absl::StatusOr<TrainedWeights> TrainedWeightsFromFlags(absl::string_view command);

/// Builds the network and loads its weights. \error as MakeTraining and LoadWeights.
absl::StatusOr<TrainedNetwork> BuildTrainedNetwork(const TrainedWeights& weights);

/// Puts the network on its device and sets the modes of the device, before anything is computed.
/// \error as CheckPrecision. Throws c10::Error if the device does not start.
absl::Status PutOnDevice(const TrainedNetwork& trained);

/// Checks that measuring fits into the memory of the network's device that is free, as --allow_swap
/// has it. Call it after PutOnDevice.
/// \param what names the work in the message: "the evaluation".
/// \param batch images that the network is given at once.
/// \error as ForecastEvaluation and MemoryForecast::CheckFits.
absl::Status CheckMemory(const std::string& what, const TrainedNetwork& trained, int64_t batch);

/// Reads the test images, with the classes and the statistics that the network knows. Weights that
/// don't say them get those of the dataset, and the user is told. \error as LoadDataOfRun.
absl::StatusOr<DatasetSplits> LoadTestImages(const TrainedWeights& weights, const Dataset& dataset);

/// The images that the network takes, its classes, and the statistics that it was trained with. The
/// data are read only where the weights don't say it. \error as LoadTestImages; kInvalidArgument if
/// the weights are of images of another shape than the dataset's.
absl::StatusOr<DatasetInfo> TrainedInfo(const TrainedWeights& weights, const Dataset& dataset);

}  // namespace pdarts

#endif  // PDARTS_CLI_TRAINED_NETWORK_H_
