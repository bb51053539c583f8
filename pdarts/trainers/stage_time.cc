#include "pdarts/trainers/stage_time.h"

#include <algorithm>
#include <functional>
#include <random>
#include <utility>

#include "ATen/ops/arange.h"
#include "ATen/ops/randint.h"
#include "pdarts/core/random.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/datasets/augmentation/batch_stream.h"
#include "pdarts/trainers/libtorch_errors.h"
#include "pdarts/trainers/search_trainer.h"
#include "pdarts/trainers/stage_trainer.h"

namespace pdarts {
namespace {

constexpr int64_t kLargestBatch = 32;
constexpr int kRandomChoices = 3;

/// The candidates of a stage if the search took candidates away one by one. drop: which of `size`
/// candidates of an edge goes.
absl::StatusOr<Candidates> StageCandidates(const Experiment& experiment, int stage,
                                           const std::function<size_t(size_t size)>& drop) {
  PDARTS_ASSIGN_OR_RETURN(Candidates candidates, experiment.space->InitialCandidates());
  if (stage == 0) return candidates;
  const auto keep = static_cast<size_t>(experiment.schedule->stage(stage - 1).keep);
  for (CellCandidates& kind : candidates) {
    for (EdgeCandidates& edge : kind) {
      while (edge.size() > keep) {
        edge.erase(edge.begin() + static_cast<int64_t>(drop(edge.size())));
      }
    }
  }
  return candidates;
}

}  // namespace

StageTimer::StageTimer(const Experiment& experiment, const DatasetSplits& data, c10::Device device)
    : experiment_(experiment),
      data_(data),
      device_(device),
      batch_size_(std::min({kLargestBatch, data.train.images.size(0),
                            static_cast<int64_t>(experiment.spec.search().batch_size())})) {}

absl::StatusOr<ImageSeconds> StageTimer::Measure(int stage, const Candidates& candidates) const {
  return CatchLibTorchErrors([&]() -> absl::StatusOr<ImageSeconds> {
    TrainingHalves halves;
    halves.weights = halves.alphas = at::arange(batch_size_, at::kLong);
    SearchOptions options;
    options.device = device_;
    SearchObserver nobody;
    PDARTS_ASSIGN_OR_RETURN(const Regularizers regularizers, experiment_.MakeRegularizers());
    StageTrainer trainer(experiment_, regularizers, data_, halves, options, stage, SearchProgress(),
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
  // An epoch has as many steps on the alphas as on the weights, however many images each half has.
  return shape.epochs * static_cast<double>(weight_images) * image.weight_step +
         (shape.epochs - shape.warmup_epochs) * static_cast<double>(weight_images) *
             image.alpha_step +
         evaluated * static_cast<double>(alpha_images) * image.evaluation;
}

absl::StatusOr<TimeForecast> StageTimer::Forecast(int stage, int64_t weight_images,
                                                  int64_t alpha_images) const {
  PDARTS_ASSIGN_OR_RETURN(const Candidates last_candidates, LastCandidates(experiment_, stage));
  PDARTS_ASSIGN_OR_RETURN(const double last,
                          Seconds(stage, last_candidates, weight_images, alpha_images));
  TimeForecast forecast{last, last, last};
  const auto include = [&](double seconds) {
    forecast.low = std::min(forecast.low, seconds);
    forecast.high = std::max(forecast.high, seconds);
  };
  if (stage == 0) return forecast;
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
  forecast.seconds = sum / kRandomChoices;
  return forecast;
}

absl::StatusOr<Candidates> FirstCandidates(const Experiment& experiment, int stage) {
  return StageCandidates(experiment, stage, [](size_t size) { return size - 1; });
}

absl::StatusOr<Candidates> LastCandidates(const Experiment& experiment, int stage) {
  return StageCandidates(experiment, stage, [](size_t) { return 0; });
}

DatasetSplits StandInData(const DatasetInfo& info, int64_t images) {
  const auto split = [&](int64_t size) {
    ImageSplit result;
    const at::Generator random = MakeGenerator(0, "stand-in data");
    const ImageShape& image = info.image;
    result.images = at::randint(256, {size, image.channels, image.height, image.width}, random,
                                at::TensorOptions(at::kByte));
    result.labels = at::randint(static_cast<int64_t>(info.class_names.size()), {size}, random,
                                at::TensorOptions(at::kLong));
    return result;
  };
  DatasetSplits data;
  data.train = split(images);
  data.test = split(images);
  data.info = info;
  return data;
}

}  // namespace pdarts
