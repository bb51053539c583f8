#include "pdarts/trainers/stage_time.h"

#include <algorithm>
#include <random>
#include <utility>

#include "ATen/ops/arange.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/libtorch_errors.h"
#include "pdarts/trainers/mean_seconds.h"
#include "pdarts/trainers/search_trainer.h"
#include "pdarts/trainers/stage_candidates.h"
#include "pdarts/trainers/stage_trainer.h"
#include "pdarts/trainers/training_halves.h"

namespace pdarts {
namespace {

constexpr int kRandomChoices = 3;

}  // namespace

StageTimer::StageTimer(const Experiment& experiment, const DatasetSplits& data)
    : experiment_(experiment),
      data_(data),
      batch_size_(std::min({kMostTimedImages, data.train->size(),
                            static_cast<int64_t>(experiment.spec.search().batch_size())})) {}

absl::StatusOr<ImageSeconds> StageTimer::Measure(int stage, const Candidates& candidates) const {
  return CatchLibTorchErrors([&]() -> absl::StatusOr<ImageSeconds> {
    TrainingHalves halves;
    halves.weights = halves.alphas = at::arange(batch_size_, at::kLong);
    SearchObserver nobody;
    PDARTS_ASSIGN_OR_RETURN(const Regularizers regularizers, experiment_.MakeRegularizers());
    StageTrainer trainer(experiment_, regularizers, data_, halves, stage, SearchProgress(),
                         &nobody);
    PDARTS_RETURN_IF_ERROR(trainer.Build(candidates));
    return trainer.MeasureSeconds();
  });
}

absl::StatusOr<double> StageTimer::Seconds(int stage, const Candidates& candidates,
                                           int64_t weight_images, int64_t alpha_images) const {
  PDARTS_ASSIGN_OR_RETURN(const ImageSeconds image, Measure(stage, candidates));
  const StageShape shape = experiment_.schedule->stage(stage);
  const int evaluated = std::min(shape.epochs, experiment_.spec.search().evaluated_epochs());
  // An epoch has as many steps on the alphas as on the weights, whatever the sizes of the halves
  // are.
  return shape.epochs * static_cast<double>(weight_images) * image.weight_step +
         (shape.epochs - shape.warmup_epochs) * static_cast<double>(weight_images) *
             image.alpha_step +
         evaluated * static_cast<double>(alpha_images) * image.evaluation;
}

absl::StatusOr<StageTimeEstimate> StageTimer::Estimate(int stage, int64_t weight_images,
                                                       int64_t alpha_images) const {
  PDARTS_ASSIGN_OR_RETURN(const Candidates last_candidates, LastCandidates(experiment_, stage));
  PDARTS_ASSIGN_OR_RETURN(const double last,
                          Seconds(stage, last_candidates, weight_images, alpha_images));
  StageTimeEstimate estimate{last, last, last};
  const auto include = [&](double seconds) {
    estimate.low = std::min(estimate.low, seconds);
    estimate.high = std::max(estimate.high, seconds);
  };
  if (stage == 0) return estimate;
  PDARTS_ASSIGN_OR_RETURN(const Candidates first_candidates, FirstCandidates(experiment_, stage));
  PDARTS_ASSIGN_OR_RETURN(const double first,
                          Seconds(stage, first_candidates, weight_images, alpha_images));
  include(first);
  std::mt19937 random(1);
  double sum = 0;
  for (int i = 0; i < kRandomChoices; ++i) {
    PDARTS_ASSIGN_OR_RETURN(
        const Candidates candidates,
        StageCandidates(experiment_, stage, [&](size_t size) { return random() % size; }));
    PDARTS_ASSIGN_OR_RETURN(const double seconds,
                            Seconds(stage, candidates, weight_images, alpha_images));
    include(seconds);
    sum += seconds;
  }
  estimate.seconds = sum / kRandomChoices;
  return estimate;
}

}  // namespace pdarts
