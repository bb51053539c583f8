#ifndef PDARTS_TRAINERS_NETWORK_TRAINER_H_
#define PDARTS_TRAINERS_NETWORK_TRAINER_H_

#include <memory>
#include <vector>

#include "ATen/core/Generator.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "c10/core/Device.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/training.h"
#include "pdarts/datasets/augmentation/batch_stream.h"
#include "pdarts/trainers/meter.h"
#include "pdarts/trainers/optimizers.h"

namespace pdarts {

/// A place in a training; epoch and step count from 0.
struct TrainPosition {
  int epoch = 0;
  int epochs = 0;
  int step = 0;
  int steps = 0;  ///< of each epoch
};

/// What an observer hears after every step: means of the epoch so far.
struct TrainStepReport {
  TrainPosition position;
  Accuracy train;
  double images_per_second = 0;
};

/// What an observer hears after every epoch.
struct TrainEpochReport {
  TrainPosition position;
  Accuracy train;  ///< on augmented images, in training mode; the loss without the auxiliary head's
  Accuracy test;   ///< on the test split
  double learning_rate = 0;  ///< of the last step
  double drop_path = 0;
  double seconds = 0;            ///< of training and measuring
  double images_per_second = 0;  ///< of training
  /// Whether no epoch before reached this top-1 accuracy on the test split.
  bool is_best = false;
  /// What was measured: the network, or the average of its weights.
  const Network* measured = nullptr;
};

/// Hears how a training goes. An error stops it.
class TrainObserver {
 public:
  virtual ~TrainObserver() = default;
  virtual absl::Status OnStep(const TrainStepReport& report) { return absl::OkStatus(); }
  virtual absl::Status OnEpochEnd(const TrainEpochReport& report) { return absl::OkStatus(); }
};

/// The learning rate of an epoch (ALGORITHM 4), fractional where it moves by step.
double LearningRate(const TrainSettings& settings, double epoch);

/// Everything that changes while a network trains.
struct NetworkTrainingState {
  int epoch = 0;                       ///< epochs that are done
  std::shared_ptr<Network> network;    ///< weights and running statistics; on the device
  std::shared_ptr<Network> average;    ///< moving average of both; null where none is asked for
  std::unique_ptr<Sgd> optimizer;      ///< of the network's parameters()
  std::unique_ptr<BatchStream> order;  ///< of the training images
  at::Generator augmentation;
  at::Generator drop_path;  ///< the network draws from this one too
  int best_epoch = -1;
  Accuracy best;  ///< on the test split
  Accuracy last;
};

/// The state at the beginning: fresh weights from the spec's seed. To start from others, write them
/// into `network` before TrainNetwork.
/// \error as SearchSpace::BuildNetwork; kInvalidArgument if a batch is larger than the training
/// set, there are fewer images than are asked for, or the last batch of an epoch would be a single
/// image, which the auxiliary head can't normalise.
absl::StatusOr<NetworkTrainingState> BeginTraining(const Training& training,
                                                   const DatasetSplits& data, c10::Device device);

/// Trains from `state` to the last epoch, on the whole training split, measuring on the test split
/// after every epoch (ALGORITHM 4). Everything random comes from the state's generators: one seed
/// and one number of threads on one machine give the same weights bit for bit.
/// \error what the observer returns; kInternal naming epoch and step if the loss isn't finite or
/// LibTorch throws.
absl::Status TrainNetwork(const Training& training, const DatasetSplits& data, c10::Device device,
                          TrainObserver* observer, NetworkTrainingState* state);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_NETWORK_TRAINER_H_
