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

/// A place in a training or in a stage of a search. All numbers count from 0.
struct LoopPosition {
  int stage = 0;
  int num_stages = 0;  ///< 0: the training of a network, which has no stages
  int epoch = 0;
  int epochs = 0;
  int step = 0;
  int steps = 0;  ///< of each epoch
};

/// The report to an observer after every step: means of the epoch so far.
struct StepReport {
  LoopPosition position;
  /// The accuracy of the steps on the weights. On a device, the last steps may be missing
  /// (TrainingLoop::kStepsOfARead).
  Accuracy train;
  double images_per_second = 0;  ///< of all steps
};

/// The report to every observer after an epoch.
struct LoopEpochReport {
  LoopPosition position;  ///< `step`: the last one
  /// The mean over the epoch's steps on the weights, with augmented images in training mode. The
  /// loss contains neither penalties nor the loss of the auxiliary head.
  Accuracy train;
  double learning_rate = 0;      ///< of the last step
  double seconds = 0;            ///< of training and evaluation
  double images_per_second = 0;  ///< of training
  int64_t skipped_images = 0;    ///< unreadable images in all steps and in the evaluation
};

/// Hears the progress of a loop. An error stops the loop.
class LoopObserver {
 public:
  virtual ~LoopObserver() = default;
  virtual absl::Status OnStep(const StepReport& report) { return absl::OkStatus(); }
};

/// The loop of every training: epochs of steps, the learning rate, means and times, the reports to
/// observers, states, and stopping. A task defines the computation of a step.
class TrainingLoop {
 public:
  /// The training of a stage of a search, or of a network.
  class Task {
   public:
    virtual ~Task() = default;
    /// Called before the first step of an epoch.
    virtual absl::Status BeginEpoch() = 0;
    /// Computes the step at the position, and adds to the meters of the loop. \error as
    /// TrainingLoop::NotFinite.
    virtual absl::Status Step(double learning_rate) = 0;
    /// Updates the meters of the loop, if steps leave their numbers on a device. The loop calls it
    /// after the first step of an epoch, then after every kStepsOfARead steps, at the end of an
    /// epoch, and before it saves a state.
    /// \error as TrainingLoop::NotFinite.
    virtual absl::Status ReadMeters() { return absl::OkStatus(); }
    /// Called after the last step of an epoch: evaluates with TrainingLoop::Measure, and reports to
    /// the observers. report: complete except for `seconds`, which TrainingLoop::EpochSeconds
    /// returns after the evaluation.
    virtual absl::Status EndEpoch(const LoopEpochReport& report) = 0;
    /// Save and restore the part of a state that belongs to the task.
    virtual void Save(TrainingState* state, LoopProgress* progress) = 0;
    virtual absl::Status Load(const TrainingState& state, const LoopProgress& progress) = 0;
  };

  /// The number of steps between two reads of the meters, because a device must finish its work
  /// before each read.
  static constexpr int kStepsOfARead = 50;

  struct Settings {
    std::string trainer;       ///< TrainingState::trainer
    LoopPosition begin;        ///< stage, number of stages, epochs, steps
    int64_t epoch_images = 0;  ///< number of images in an epoch's steps on the weights
    /// The learning rate at an epoch, which has a fraction if the rate changes in every step.
    std::function<double(double epoch)> learning_rate;
    bool rate_moves_by_step = false;
  };

  /// task: must outlive the loop.
  TrainingLoop(Task* task, Settings settings);

  /// Trains the rest. `checkpointer` saves the states and may stop the loop; null: no states are
  /// saved.
  /// \error of the task, the observer and the checkpointer; kInternal naming the place if LibTorch
  /// throws; kCancelled, after saving the state, if the checkpointer asks to stop.
  absl::Status Run(Checkpointer* checkpointer, LoopObserver* observer);

  /// Continues from the state of a loop. progress: ReadProgress of the state. \error kDataLoss if
  /// the state does not fit. The task cannot be used then.
  absl::Status Restore(const TrainingState& state, const LoopProgress& progress);

  /// Evaluates at the end of an epoch, and keeps the accuracy.
  /// \param evaluate takes the function that asks for a stop, as Evaluate does, and returns what
  ///     Evaluate returns.
  /// \error of `evaluate`; kCancelled as in Run. A resumed loop evaluates again.
  absl::StatusOr<Evaluation> Measure(
      const std::function<absl::StatusOr<Evaluation>(const std::function<bool()>& stop)>& evaluate);

  /// kInternal: "`what` in stage 1, epoch 2, step 3". Without a step, the message has the step of
  /// the position.
  absl::Status NotFinite(absl::string_view what) const { return NotFinite(what, position_.step); }
  absl::Status NotFinite(absl::string_view what, int step) const;

  /// For a task that is only timed: goes to the beginning of an epoch.
  void GoTo(int epoch) { position_.epoch = epoch; }

  const LoopPosition& position() const { return position_; }  ///< the first step that is not done
  Meter& weight_meter() { return weight_meter_; }             ///< of the epoch so far
  Meter& alpha_meter() { return alpha_meter_; }
  /// The accuracy of the last evaluation.
  const Accuracy& measured() const { return measured_; }
  /// Seconds of the epoch so far, including those before the run was resumed.
  double EpochSeconds() const;

 private:
  absl::Status BeginEpoch();
  absl::Status Step();
  absl::Status EndEpoch();
  absl::Status ReadMeters();
  /// Saves a state if one is due, and stops if the checkpointer asks for it.
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
  double earlier_seconds_ = 0;  ///< of the epoch, before the run was resumed
  std::chrono::steady_clock::time_point begin_;
};

/// The progress of a state. \error kDataLoss if the state is not of `trainer`, or cannot be read.
absl::StatusOr<LoopProgress> ReadProgress(const TrainingState& state, absl::string_view trainer);

/// kDataLoss: "the state does not fit the experiment: `what`".
absl::Status StateDoesNotFit(absl::string_view what);

AccuracyState ToState(const Accuracy& accuracy);
Accuracy FromState(const AccuracyState& state);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_TRAINING_LOOP_H_
