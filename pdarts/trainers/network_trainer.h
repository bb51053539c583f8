#ifndef PDARTS_TRAINERS_NETWORK_TRAINER_H_
#define PDARTS_TRAINERS_NETWORK_TRAINER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "ATen/core/Generator.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/communicator.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/training.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/trainers/evaluation.h"
#include "pdarts/trainers/loop_state.pb.h"
#include "pdarts/trainers/network_step.h"
#include "pdarts/trainers/training_loop.h"
#include "pdarts/trainers/training_state.h"

namespace pdarts {

/// The report to an observer after every epoch.
struct TrainEpochReport : LoopEpochReport {
  Accuracy test;  ///< on the test split
  /// The classification of each image of the test split.
  const Evaluation* evaluation = nullptr;
  /// The number of correctly classified images of the test split, for each class.
  std::vector<int64_t> class_right;
  double drop_path = 0;
  /// Whether the epoch is the best so far: its top-1 accuracy on the test split is the highest, and
  /// its loss is the lowest of all epochs with this accuracy.
  bool is_best = false;
  /// The network that was evaluated: the trained one, or the average of its weights.
  const Network* measured = nullptr;
};

/// Hears the progress of a training. An error stops the training.
class TrainObserver : public LoopObserver {
 public:
  virtual absl::Status OnEpochEnd(const TrainEpochReport& report) { return absl::OkStatus(); }
  /// Called when a training is resumed. position: the first step that is not done.
  virtual absl::Status OnResume(const LoopPosition& position) { return absl::OkStatus(); }
};

/// The learning rate at `epoch` (docs/algorithm.md, "Training from scratch"), which has a fraction
/// if the cosine moves in every step. The learning rate warm-up and the linear shape depend only on
/// the whole epoch.
double LearningRate(const TrainSettings& settings, double epoch);

/// Trains one network from scratch in a TrainingLoop, on the complete training split, and evaluates
/// it on the test split after every epoch (docs/algorithm.md, "Training from scratch"). All random
/// numbers depend only on the seed of the spec. The same seed and the same number of threads on the
/// same machine give the same weights bit for bit, also if the training is resumed.
class NetworkTrainer : private TrainingLoop::Task {
 public:
  /// A training at its beginning, with new weights. `training` and `data` must outlive it.
  /// communicator: the processes that train together; it must outlive the trainer. Every process
  /// makes the same calls with the same arguments, except for the communicator, and trains the same
  /// network. Observer and checkpointer are called on every process at the same places and with the
  /// same numbers. Both must return the same on all processes.
  /// \error as SearchSpace::BuildNetwork, Transforms::ForTraining and Loader::Create;
  /// kInvalidArgument in these cases: a batch is larger than the training set; there are fewer
  /// images than the settings ask for; an epoch has a batch, or a part of a batch, of one image,
  /// and the network cannot train on one image; a batch, or a part of a batch, has fewer images
  /// than there are processes.
  static absl::StatusOr<std::unique_ptr<NetworkTrainer>> Create(
      const Training& training, const DatasetSplits& data,
      Communicator& communicator = SingleProcess());

  /// The trained network, on the device of the training. To start from other weights, write them
  /// here before Train.
  Network& network() { return step_->network(); }

  /// Continues from a state of the same training. \error kDataLoss if the state does not fit. The
  /// trainer cannot be used then.
  absl::Status Restore(const TrainingState& state);

  /// Trains up to the last epoch. Begins with the weights of process 0. \error as
  /// TrainingLoop::Run; kUnavailable if another process has ended.
  absl::Status Train(Checkpointer* checkpointer, TrainObserver* observer);

  /// At most `most` of the first images of the first epoch, as the network gets them. \error as
  /// Loader::Next; kResourceExhausted or kInternal if LibTorch throws.
  absl::StatusOr<BatchPixels> FirstImages(int64_t most) const;

  /// The time estimate in seconds of a training with these numbers of images, from a few steps and
  /// passes of at most 32 images. Use a separate trainer without a communicator.
  /// \error kInternal if LibTorch throws or the loss is not a finite number.
  absl::StatusOr<double> MeasureSeconds(int64_t train_images, int64_t test_images);

  /// The accuracy on the test split after the last epoch, and after the best one.
  const Accuracy& last() const { return loop_.measured(); }
  const Accuracy& best() const { return best_; }
  /// The best epoch, from 0; -1 before the end of the first epoch.
  int best_epoch() const { return best_epoch_; }

 private:
  NetworkTrainer(const Training& training, const DatasetSplits& data, Communicator& communicator);

  absl::Status BeginEpoch() override;
  absl::Status Step(double learning_rate) override;
  absl::Status ReadMeters() override;
  absl::Status EndEpoch(const LoopEpochReport& report) override;
  void Save(TrainingState* state, LoopProgress* progress) override;
  absl::Status Load(const TrainingState& state, const LoopProgress& progress) override;

  absl::Status Build();
  absl::Status TrainOn(Loader& loader, double learning_rate, double drop_path);
  /// A loader of the first `images` training images.
  absl::StatusOr<std::unique_ptr<Loader>> MakeLoader(int64_t images, int64_t batch_size,
                                                     Communicator& communicator) const;
  /// \param images number of images of the test split.
  absl::StatusOr<Evaluation> MeasureNetwork(Network& network, int64_t images,
                                            const std::function<bool()>& stop,
                                            Communicator& communicator) const;
  TrainingLoop::Settings LoopSettings() const;
  /// The number of training images that are used.
  int64_t NumImages() const;
  /// The drop path rate in the epoch of the loop.
  double DropPath() const;
  at::Generator NewGenerator(absl::string_view purpose) const;

  const Training& training_;
  const TrainSettings& settings_;
  const DatasetSplits& data_;
  Communicator& communicator_;
  TrainObserver* observer_ = nullptr;

  TrainingLoop loop_;
  std::optional<NetworkStep> step_;
  std::unique_ptr<Loader> batches_;
  Accuracy best_;
  int best_epoch_ = -1;
  int last_step_ = 0;  ///< of the loop's epoch
};

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_NETWORK_TRAINER_H_
