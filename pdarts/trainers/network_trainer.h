#ifndef PDARTS_TRAINERS_NETWORK_TRAINER_H_
#define PDARTS_TRAINERS_NETWORK_TRAINER_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ATen/core/Generator.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/training.h"
#include "pdarts/datasets/augmentation/batch_stream.h"
#include "pdarts/trainers/meter.h"
#include "pdarts/trainers/network_step.h"
#include "pdarts/trainers/training_state.h"

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
  /// How many images of the test split were classified correctly, of each class.
  std::vector<int64_t> class_right;
  double learning_rate = 0;  ///< of the last step
  double drop_path = 0;
  double seconds = 0;            ///< of training and measuring
  double images_per_second = 0;  ///< of training
  /// Whether the epoch has the highest top-1 accuracy on the test split so far, and of all epochs
  /// with that accuracy the lowest loss.
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

/// The learning rate at `epoch` (ALGORITHM 4), which is fractional where the cosine moves by step.
/// The warm-up and the linear shape take whole epochs, and stay the same within one.
double LearningRate(const TrainSettings& settings, double epoch);

/// Trains one network from scratch, on the whole training split, measuring on the test split after
/// every epoch (ALGORITHM 4). Everything random comes from generators seeded by the spec: one seed
/// and one number of threads on one machine give the same weights bit for bit, also when a training
/// goes on from a state.
class NetworkTrainer {
 public:
  /// A training at its beginning, with fresh weights. `training` and `data` must outlive it.
  /// \error as SearchSpace::BuildNetwork; kInvalidArgument if a batch is larger than the training
  /// set, there are fewer images than are asked for, or an epoch has a batch of one image that the
  /// network can't train on.
  static absl::StatusOr<std::unique_ptr<NetworkTrainer>> Create(const Training& training,
                                                                const DatasetSplits& data);

  /// What is trained; on the training's device. To start from other weights, write them here before
  /// Train.
  Network& network() { return step_->network(); }

  /// Goes on from a state of the same training.
  /// \error kDataLoss if the state doesn't fit; the trainer is of no use then.
  absl::Status Restore(const TrainingState& state);

  /// Trains to the last epoch. States go to `checkpointer`, which may stop it; null: nowhere.
  /// \error what the observer and the checkpointer return; kInternal naming the epoch if the loss
  /// of a step, a weight or the loss on the test split isn't finite or LibTorch throws; kCancelled,
  /// the state being saved, if it is asked to stop.
  absl::Status Train(Checkpointer* checkpointer, TrainObserver* observer);

  /// Seconds that a training of so many images is expected to take, from a few steps and passes
  /// of at most 32 images. For a trainer that is made for this alone.
  /// \error kInternal if LibTorch throws or the loss is not a finite number.
  absl::StatusOr<double> MeasureSeconds(int64_t train_images, int64_t test_images);

  /// On the test split: after the last epoch, and after the best one.
  const Accuracy& last() const { return last_; }
  const Accuracy& best() const { return best_; }
  /// From 0; -1 before the first epoch's end.
  int best_epoch() const { return best_epoch_; }

 private:
  NetworkTrainer(const Training& training, const DatasetSplits& data);
  absl::Status Build();
  absl::Status TrainEpoch();
  /// indices: of training images.
  absl::Status Step(const at::Tensor& indices, double learning_rate, double drop_path);
  absl::Status FinishEpoch();
  absl::Status AfterStep();
  absl::Status Stop();
  absl::Status Save();
  double LearningRateNow() const;
  /// In the position's epoch.
  double DropPath() const;
  double EpochSeconds() const;
  /// "epoch 2, step 3".
  std::string Place() const;
  absl::Status NotFinite(absl::string_view what) const;
  at::Generator NewGenerator(absl::string_view purpose) const;

  const Training& training_;
  const TrainSettings& settings_;
  const DatasetInfo& info_;
  const DatasetSplits& data_;
  const AugmentationSettings augmentation_settings_;

  Checkpointer* checkpointer_ = nullptr;
  TrainObserver* observer_ = nullptr;

  std::optional<NetworkStep> step_;
  std::optional<BatchStream> batches_;
  at::Generator augmentation_;

  TrainPosition position_;  ///< the first step that isn't done
  Meter meter_;             ///< of the epoch so far
  double earlier_seconds_ = 0;
  std::chrono::steady_clock::time_point begin_;  ///< of the epoch, or of going on
  Accuracy last_, best_;
  int best_epoch_ = -1;
};

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_NETWORK_TRAINER_H_
