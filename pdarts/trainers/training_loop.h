#ifndef PDARTS_TRAINERS_TRAINING_LOOP_H_
#define PDARTS_TRAINERS_TRAINING_LOOP_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/trainers/evaluation.h"
#include "pdarts/trainers/loop_state.pb.h"
#include "pdarts/trainers/meter.h"
#include "pdarts/trainers/training_state.h"

namespace pdarts {

/// A place in a training or in a stage of a search; everything counts from 0.
struct LoopPosition {
  int stage = 0;
  int num_stages = 0;  ///< 0: the training of a network, which has no stages
  int epoch = 0;
  int epochs = 0;
  int step = 0;
  int steps = 0;  ///< of each epoch
};

/// What an observer hears after every step: means of the epoch so far.
struct StepReport {
  LoopPosition position;
  /// Of the steps on the weights. On a device, the last steps may be missing
  /// (TrainingLoop::kStepsOfARead).
  Accuracy train;
  double images_per_second = 0;  ///< of all steps
};

/// What every observer hears after an epoch.
struct LoopEpochReport {
  LoopPosition position;  ///< `step`: the last one
  /// Mean over the epoch's steps on the weights, of augmented images in training mode; the loss is
  /// without penalties and without the auxiliary head's.
  Accuracy train;
  double learning_rate = 0;      ///< of the last step
  double seconds = 0;            ///< of training and measuring
  double images_per_second = 0;  ///< of training
  int64_t skipped_images = 0;    ///< that can't be read: in all steps and in measuring
};

/// Hears how a loop goes. An error stops it.
class LoopObserver {
 public:
  virtual ~LoopObserver() = default;
  virtual absl::Status OnStep(const StepReport& report) { return absl::OkStatus(); }
};

/// The one loop of everything that trains: epochs of steps, the learning rate, means and times,
/// what observers hear, states, and stopping. What a step computes is the task's.
class TrainingLoop {
 public:
  /// What is trained: a stage of a search, or a network.
  class Task {
   public:
    virtual ~Task() = default;
    /// Before the first step of the loop's epoch.
    virtual absl::Status BeginEpoch() = 0;
    /// The position's step. Adds to the loop's meters. \error as TrainingLoop::NotFinite.
    virtual absl::Status Step(double learning_rate) = 0;
    /// Brings the loop's meters up to date, if steps leave their numbers on a device. The loop
    /// calls it after the first step of an epoch and after every kStepsOfARead steps from there, at
    /// the end of an epoch, and before it saves a state. \error as TrainingLoop::NotFinite.
    virtual absl::Status ReadMeters() { return absl::OkStatus(); }
    /// After the epoch's last step: measures, by TrainingLoop::Measure, and tells its observers.
    /// report: all but `seconds`, which TrainingLoop::EpochSeconds knows after measuring.
    virtual absl::Status EndEpoch(const LoopEpochReport& report) = 0;
    /// Put the task's own part into a state, or back.
    virtual void Save(TrainingState* state, LoopProgress* progress) = 0;
    virtual absl::Status Load(const TrainingState& state, const LoopProgress& progress) = 0;
  };

  /// A device would have to finish its work for each reading of the meters.
  static constexpr int kStepsOfARead = 50;

  struct Settings {
    std::string trainer;       ///< TrainingState::trainer
    LoopPosition begin;        ///< stage, number of stages, epochs, steps
    int64_t epoch_images = 0;  ///< that an epoch's steps on the weights see
    /// The learning rate at an epoch, which is fractional where the rate moves by step.
    std::function<double(double epoch)> learning_rate;
    bool rate_moves_by_step = false;
  };

  /// task: must outlive the loop.
  TrainingLoop(Task* task, Settings settings);

  /// Trains what is left. States go to `checkpointer`, which may stop the loop; null: nowhere.
  /// \error what task, observer and checkpointer return; kInternal naming the place if LibTorch
  /// throws; kCancelled, the state being saved, if the checkpointer asks to stop.
  absl::Status Run(Checkpointer* checkpointer, LoopObserver* observer);

  /// Goes on where the loop of a state was. progress: ReadProgress of the state.
  /// \error kDataLoss if the state doesn't fit; the task is of no use then.
  absl::Status Restore(const TrainingState& state, const LoopProgress& progress);

  /// Measures at an epoch's end, and keeps the accuracy. \param evaluate takes what tells it to
  /// stop, as Evaluate does, and returns what Evaluate returns. \error what it returns; kCancelled
  /// as Run: a loop that goes on measures again.
  absl::StatusOr<Evaluation> Measure(
      const std::function<absl::StatusOr<Evaluation>(const std::function<bool()>& stop)>& evaluate);

  /// kInternal: "`what` in stage 1, epoch 2, step 3". Without a step: in the position's.
  absl::Status NotFinite(absl::string_view what) const { return NotFinite(what, position_.step); }
  absl::Status NotFinite(absl::string_view what, int step) const;

  /// For a task that is only timed: to the beginning of an epoch.
  void GoTo(int epoch) { position_.epoch = epoch; }

  const LoopPosition& position() const { return position_; }  ///< the first step that isn't done
  Meter& weight_meter() { return weight_meter_; }             ///< of the epoch so far
  Meter& alpha_meter() { return alpha_meter_; }
  /// What was measured last.
  const Accuracy& measured() const { return measured_; }
  /// Seconds of the epoch so far, those before a resumption included.
  double EpochSeconds() const;

 private:
  absl::Status BeginEpoch();
  absl::Status Step();
  absl::Status EndEpoch();
  absl::Status ReadMeters();
  /// Saves a state where one is due, and stops where the checkpointer asks for it.
  absl::Status KeepOrStop(bool epoch_is_done);
  absl::Status Stop();
  absl::Status Save();
  /// step: of the position's epoch.
  double LearningRate(int step) const;
  double ImagesPerSecond() const;
  /// "stage 1, epoch 2".
  std::string EpochPlace() const;
  /// "stage 1, epoch 2, step 3". step: from 0.
  std::string Place(int step) const;
  std::string Place() const { return Place(position_.step); }
  /// "stage 1/3, epoch 1/25 done and 2 steps".
  std::string DonePlace() const;

  Task* const task_;
  const Settings settings_;
  Checkpointer* checkpointer_ = nullptr;
  LoopObserver* observer_ = nullptr;

  LoopPosition position_;
  Meter weight_meter_, alpha_meter_;
  Accuracy measured_;
  double earlier_seconds_ = 0;  ///< of the epoch, before a resumption
  std::chrono::steady_clock::time_point begin_;
};

/// What a state says of its loop.
/// \error kDataLoss if the state is not of `trainer`, or can't be read.
absl::StatusOr<LoopProgress> ReadProgress(const TrainingState& state, absl::string_view trainer);

/// kDataLoss: "the state doesn't fit the experiment: `what`".
absl::Status StateDoesNotFit(absl::string_view what);

AccuracyState ToState(const Accuracy& accuracy);
Accuracy FromState(const AccuracyState& state);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_TRAINING_LOOP_H_
