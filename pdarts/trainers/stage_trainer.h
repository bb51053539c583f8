#ifndef PDARTS_TRAINERS_STAGE_TRAINER_H_
#define PDARTS_TRAINERS_STAGE_TRAINER_H_

#include <memory>
#include <optional>
#include <vector>

#include "ATen/core/Generator.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/communicator.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/regularizer.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/trainers/loop_state.pb.h"
#include "pdarts/trainers/search_step.h"
#include "pdarts/trainers/search_trainer.h"
#include "pdarts/trainers/training_halves.h"
#include "pdarts/trainers/training_loop.h"
#include "pdarts/trainers/training_state.h"

namespace pdarts {

class SuperNet;

/// The regularizers of one search, in the order of the spec.
using Regularizers = std::vector<std::unique_ptr<Regularizer>>;

/// Seconds of the parts of a stage's training, for each image.
struct ImageSeconds {
  double weight_step = 0;
  double alpha_step = 0;  ///< 0 in a stage that trains only weights
  double evaluation = 0;
};

/// Trains the super-network of one stage in a TrainingLoop. Call Build, then Begin or Restore, and
/// then Train.
class StageTrainer : private TrainingLoop::Task {
 public:
  /// All arguments must outlive the trainer. `regularizers` are those of this search, and the
  /// trainer changes their states. `before`: the previous stages in the form of
  /// SearchProgress::history. communicator: SearchOptions::communicator.
  StageTrainer(const Experiment& experiment, const Regularizers& regularizers,
               const DatasetSplits& data, const TrainingHalves& halves, int stage,
               SearchProgress before, SearchObserver* observer,
               Communicator& communicator = SingleProcess());

  /// The memory estimate, which is reported to the observer.
  void set_expected_bytes(int64_t bytes) { expected_bytes_ = bytes; }
  /// The time estimate, which is reported to the observer.
  void set_expected_seconds(double seconds) { expected_seconds_ = seconds; }

  /// Makes new objects: the network, the optimizers, the loaders and the generator of the
  /// regularizers. \error as SearchSpace::BuildSuperNet, Transforms::ForSearch and Loader::Create.
  absl::Status Build(const Candidates& candidates);
  /// Begins the stage.
  absl::Status Begin();
  /// Continues from the state of another trainer of this stage. \error kDataLoss if the state does
  /// not fit.
  absl::Status Restore(const TrainingState& state, const LoopProgress& progress);
  /// Trains the rest of the stage. \error as TrainingLoop::Run.
  absl::Status Train(Checkpointer* checkpointer) { return loop_.Run(checkpointer, observer_); }
  /// Times a few steps and an evaluation pass over the halves, each of which should be one batch.
  /// Use a separate trainer: call MeasureSeconds after Build, and call nothing after it.
  absl::StatusOr<ImageSeconds> MeasureSeconds();

  /// At most `most` of the first images of the stage's first epoch that train weights. It needs no
  /// Build. \error as Transforms::ForSearch and Loader::Next.
  absl::StatusOr<BatchPixels> FirstImages(int64_t most) const;

  const std::shared_ptr<SuperNet>& super_net() const { return super_net_; }
  SearchPosition position() const;
  const Accuracy& accuracy() const { return loop_.measured(); }

 private:
  absl::Status BeginEpoch() override;
  absl::Status Step(double learning_rate) override;
  absl::Status ReadMeters() override;
  absl::Status EndEpoch(const LoopEpochReport& report) override;
  void Save(TrainingState* state, LoopProgress* progress) override;
  absl::Status Load(const TrainingState& state, const LoopProgress& progress) override;

  /// batch: of the half of the weights.
  absl::Status WeightStep(const Batch& batch, double learning_rate);
  /// weight_batch: the batch of WeightStep in the same step.
  absl::Status AlphaStep(const Batch& weight_batch, double learning_rate);
  /// Adds a pass to a meter. If the device keeps the numbers of the pass, only counts its images.
  /// labels: of the logits.
  void Score(const PassScore& pass, const at::Tensor& labels, Meter* meter) const;
  at::Tensor Penalty(GradientOf of) const;
  /// The constants of all regularizers.
  std::optional<std::vector<double>> PenaltyConstants() const;
  /// Evaluates on the half of the alphas with its augmentation, as in the published results
  /// (docs/algorithm.md, "The two halves of the training images").
  absl::StatusOr<Evaluation> MeasureNet();
  /// The number of images of the half of the alphas that the steps of an epoch use, including
  /// unreadable ones.
  int64_t AlphaImages() const;
  bool TrainsAlphas() const { return loop_.position().epoch >= shape_.warmup_epochs; }

  TrainingLoop::Settings LoopSettings(int stage) const;
  /// purpose: LoaderOptions::purpose.
  absl::StatusOr<std::unique_ptr<Loader>> MakeLoader(const at::Tensor& indices,
                                                     absl::string_view purpose, int64_t batch_size,
                                                     Communicator& communicator) const;
  /// The next batch, on the device.
  absl::StatusOr<Batch> NextBatch(Loader& loader) const;
  at::Generator NewGenerator(absl::string_view purpose) const;

  const Experiment& experiment_;
  const Regularizers& regularizers_;
  const SearchSettings& settings_;
  const DatasetSplits& data_;
  const TrainingHalves& halves_;
  const StageShape shape_;
  const SearchProgress before_;
  SearchObserver* const observer_;
  Communicator& communicator_;
  int64_t expected_bytes_ = 0;
  double expected_seconds_ = 0;

  TrainingLoop loop_;
  SearchContext context_;  ///< its generator is for the regularizers
  std::shared_ptr<SuperNet> super_net_;
  std::optional<SearchStep> step_;
  std::unique_ptr<Loader> weight_batches_;
  std::unique_ptr<Loader> alpha_batches_;
  int last_step_ = 0;  ///< of the loop's epoch
};

/// TrainingState::trainer of a search.
inline constexpr char kSearchTrainer[] = "search";

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_STAGE_TRAINER_H_
