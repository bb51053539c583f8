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

/// What an observer hears after every epoch.
struct TrainEpochReport : LoopEpochReport {
  Accuracy test;  ///< on the test split
  /// How each image of the test split was classified.
  const Evaluation* evaluation = nullptr;
  /// How many images of the test split were classified correctly, of each class.
  std::vector<int64_t> class_right;
  double drop_path = 0;
  /// Whether the epoch has the highest top-1 accuracy on the test split so far, and of all epochs
  /// with that accuracy the lowest loss.
  bool is_best = false;
  /// What was measured: the network, or the average of its weights.
  const Network* measured = nullptr;
};

/// Hears how a training goes. An error stops it.
class TrainObserver : public LoopObserver {
 public:
  virtual absl::Status OnEpochEnd(const TrainEpochReport& report) { return absl::OkStatus(); }
  /// When a training goes on. position: the first step that isn't done.
  virtual absl::Status OnResume(const LoopPosition& position) { return absl::OkStatus(); }
};

/// The learning rate at `epoch` (docs/algorithm.md, "Training from scratch"), which is fractional
/// where the cosine moves by step. The warm-up and the linear shape take whole epochs, and stay the
/// same within one.
double LearningRate(const TrainSettings& settings, double epoch);

/// Trains one network from scratch, on the whole training split, measuring on the test split after
/// every epoch (docs/algorithm.md, "Training from scratch"), in a TrainingLoop. Everything random
/// depends on the spec's seed
/// alone: one seed and one number of threads on one machine give the same weights bit for bit, also
/// when a training goes on from a state.
class NetworkTrainer : private TrainingLoop::Task {
 public:
  /// A training at its beginning, with fresh weights. `training` and `data` must outlive it.
  /// communicator: the processes that train together; it must outlive the trainer. Each of them
  /// makes the same calls with the same arguments but for the communicator, and trains the same
  /// network. Observer and checkpointer are called on every process at the same places, and with
  /// the same numbers; both must return the same on all processes. \error as
  /// SearchSpace::BuildNetwork, Transforms::ForTraining and Loader::Create; kInvalidArgument if a
  /// batch is larger than the training set, there are fewer images than are asked for, an epoch has
  /// a batch, or a part of one, of one image that the network can't train on, or a batch, or a part
  /// of one, has fewer images than there are processes.
  static absl::StatusOr<std::unique_ptr<NetworkTrainer>> Create(
      const Training& training, const DatasetSplits& data,
      Communicator& communicator = SingleProcess());

  /// What is trained; on the training's device. To start from other weights, write them here before
  /// Train.
  Network& network() { return step_->network(); }

  /// Goes on from a state of the same training.
  /// \error kDataLoss if the state doesn't fit; the trainer is of no use then.
  absl::Status Restore(const TrainingState& state);

  /// Trains to the last epoch. Begins with the weights of process 0.
  /// \error as TrainingLoop::Run; kUnavailable if another process has ended.
  absl::Status Train(Checkpointer* checkpointer, TrainObserver* observer);

  /// The first images of the first epoch, at most `most`, as the network is given them.
  /// \error as Loader::Next; kResourceExhausted or kInternal if LibTorch throws.
  absl::StatusOr<BatchPixels> FirstImages(int64_t most) const;

  /// Seconds that a training of so many images is expected to take, from a few steps and passes
  /// of at most 32 images. For a trainer that is made for this alone, without a communicator.
  /// \error kInternal if LibTorch throws or the loss is not a finite number.
  absl::StatusOr<double> MeasureSeconds(int64_t train_images, int64_t test_images);

  /// On the test split: after the last epoch, and after the best one.
  const Accuracy& last() const { return loop_.measured(); }
  const Accuracy& best() const { return best_; }
  /// From 0; -1 before the first epoch's end.
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
  /// Of the first `images` training images.
  absl::StatusOr<std::unique_ptr<Loader>> MakeLoader(int64_t images, int64_t batch_size,
                                                     Communicator& communicator) const;
  /// \param images so many of the test split.
  absl::StatusOr<Evaluation> MeasureNetwork(Network& network, int64_t images,
                                            const std::function<bool()>& stop,
                                            Communicator& communicator) const;
  TrainingLoop::Settings LoopSettings() const;
  /// Training images that are used.
  int64_t NumImages() const;
  /// In the loop's epoch.
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
