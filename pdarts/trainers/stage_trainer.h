#ifndef PDARTS_TRAINERS_STAGE_TRAINER_H_
#define PDARTS_TRAINERS_STAGE_TRAINER_H_

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/regularizer.h"
#include "pdarts/datasets/augmentation/augmentation.h"
#include "pdarts/datasets/augmentation/batch_stream.h"
#include "pdarts/trainers/meter.h"
#include "pdarts/trainers/search_state.pb.h"
#include "pdarts/trainers/search_step.h"
#include "pdarts/trainers/search_trainer.h"
#include "pdarts/trainers/training_state.h"

namespace pdarts {

class SuperNet;

/// Those of one search, in the spec's order.
using Regularizers = std::vector<std::unique_ptr<Regularizer>>;

/// Seconds of the parts of a stage's training, each for one image.
struct ImageSeconds {
  double weight_step = 0;
  /// What training the alphas adds to a weight step; 0 in a stage that trains weights only. With
  /// shared batches it is so small that a measurement can give a negative number.
  double alpha_step = 0;
  double evaluation = 0;
};

/// Trains one stage's super-network: Build, then Begin or Restore, then Train.
class StageTrainer {
 public:
  /// Everything given must outlive the trainer. `regularizers` are those of this search, whose
  /// states the trainer changes. `before` holds what a saved state says of the stages before:
  /// SearchProgress::history.
  StageTrainer(const Experiment& experiment, const Regularizers& regularizers,
               const DatasetSplits& data, const TrainingHalves& halves,
               const SearchOptions& options, int stage, SearchProgress before,
               SearchObserver* observer);

  /// What the process is expected to hold; told to the observer.
  void set_expected_bytes(int64_t bytes) { position_.expected_bytes = bytes; }
  /// How long the stage is expected to take; told to the observer.
  void set_expected_seconds(double seconds) { position_.expected_seconds = seconds; }

  /// Makes the network, the optimisers and the streams of numbers, all fresh but for alphas that
  /// begin with those of the stage before.
  absl::Status Build(const Candidates& candidates);
  /// Starts the stage.
  absl::Status Begin();
  /// Goes on where another trainer of this stage was. \error kDataLoss if the state doesn't fit.
  absl::Status Restore(const TrainingState& state, const SearchProgress& progress);
  /// Trains what is left of the stage.
  absl::Status Train();
  /// Times a few steps and an evaluation pass over the halves, each of which should be one batch.
  /// For a trainer that is made for this alone: call it after Build, and nothing after it.
  absl::StatusOr<ImageSeconds> MeasureSeconds();

  const std::shared_ptr<SuperNet>& net() const { return net_; }
  const SearchPosition& position() const { return position_; }
  const Accuracy& accuracy() const { return accuracy_; }

 private:
  absl::Status BeginEpoch();
  /// Trains, measures and reports what is left of the position's epoch.
  absl::Status RunEpoch();
  absl::Status Step();
  /// batch: of the weights' half.
  absl::Status WeightStep(const Batch& batch);
  /// weight_batch: the batch of the step's WeightStep.
  absl::Status AlphaStep(const Batch& weight_batch);
  /// A step of both by one batch of the weights' half.
  absl::Status SharedStep(const Batch& batch);
  at::Tensor Penalty(GradientOf of) const;
  /// On the alphas' half, with its augmentation: so do the published figures (ALGORITHM 2).
  absl::Status Evaluate();
  /// The batch of the position's step. augmentation: the purpose of a generator.
  Batch MakeStepBatch(BatchStream& stream, const char* augmentation);
  /// indices: of training images. Augmented, on the device.
  Batch MakeBatch(const at::Tensor& indices, at::Generator& generator) const;

  /// Saves the state where one is due, stops where the checkpointer asks for it.
  absl::Status AfterStep();
  absl::Status Stop();
  absl::Status Save();

  bool SharesBatches() const { return settings_.alpha_batches() == SHARED; }
  bool TrainsAlphas() const { return position_.epoch >= position_.shape.warmup_epochs; }
  /// step: of the position's epoch.
  double LearningRate(int step) const;
  /// Seconds of the epoch so far, those before a resumption included.
  double EpochSeconds() const;
  /// "stage 1, epoch 2, step 3".
  std::string Place() const;
  /// kInternal: "`what` in stage 1, epoch 2, step 3".
  absl::Status NotFinite(absl::string_view what) const;
  at::Generator NewGenerator(absl::string_view purpose) const;

  const Experiment& experiment_;
  const Regularizers& regularizers_;
  const SearchSettings& settings_;
  const DatasetSplits& data_;
  const TrainingHalves& halves_;
  const SearchOptions& options_;
  const SearchProgress before_;
  SearchObserver* const observer_;

  SearchPosition position_;  ///< `step`: the first that isn't done
  SearchContext context_;
  std::shared_ptr<SuperNet> net_;
  std::optional<SearchStep> step_;
  std::optional<BatchStream> weight_batches_;
  std::optional<BatchStream> alpha_batches_;
  /// By purpose; those that a state holds beside the batch streams' own.
  std::map<std::string, at::Generator> generators_;

  Meter weight_meter_, alpha_meter_;  ///< the epoch so far
  double earlier_seconds_ = 0;        ///< of the epoch, before a resumption
  std::chrono::steady_clock::time_point begin_;
  /// Steps of MeasureSeconds leave the weights as they are, so that they can't diverge.
  bool measures_only_ = false;
  Accuracy accuracy_;
};

/// TrainingState::trainer of a search.
inline constexpr char kSearchTrainer[] = "search";

/// kDataLoss: "the state doesn't fit the experiment: `what`".
absl::Status StateDoesNotFit(absl::string_view what);

/// Between a state's form and the trainer's.
CandidatesState ToState(const Candidates& candidates,
                        const EdgeProbabilities* probabilities = nullptr);
Candidates CandidatesOf(const CandidatesState& state);
EdgeProbabilities ProbabilitiesOf(const CandidatesState& state);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_STAGE_TRAINER_H_
