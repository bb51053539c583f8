#include "pdarts/trainers/stage_trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "ATen/ops/cross_entropy_loss.h"
#include "ATen/ops/zeros.h"
#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "c10/core/GradMode.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/masks.h"
#include "pdarts/core/random.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/core/super_net.h"
#include "pdarts/trainers/alpha_training.h"
#include "pdarts/trainers/libtorch_errors.h"
#include "pdarts/trainers/mean_seconds.h"

namespace pdarts {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char kRegularizers[] = "regularizers";
constexpr char kWeightAugmentation[] = "weight augmentation";
constexpr char kAlphaAugmentation[] = "alpha augmentation";
constexpr char kEvaluationAugmentation[] = "evaluation augmentation";

/// Of a probability whose logarithm an alpha is moved by.
constexpr double kLeastProbability = 1e-12;

/// Moves the alphas so that, without what they hold already, the probabilities of each edge would
/// be in the ratios of `before`. The alphas of an edge move by 0 on average.
void CarryAlphas(const CandidatesState& before, SuperNet* net) {
  c10::NoGradGuard no_grad;
  for (size_t kind = 0; kind < net->alphas().size(); ++kind) {
    const at::Tensor& alphas = net->alphas()[kind];
    if (SoftmaxDimension(alphas) != 1) continue;
    const at::Tensor moves = at::zeros(alphas.sizes(), at::kDouble);
    for (int64_t e = 0; e < alphas.size(0); ++e) {
      const EdgeState& edge = before.kinds(static_cast<int>(kind)).edges(static_cast<int>(e));
      const EdgeCandidates& kept = net->candidates()[kind][e];
      for (size_t i = 0; i < kept.size(); ++i) {
        const auto place = std::find(edge.operations().begin(), edge.operations().end(), kept[i]) -
                           edge.operations().begin();
        moves[e][static_cast<int64_t>(i)] =
            std::log(std::max(edge.probabilities(static_cast<int>(place)), kLeastProbability));
      }
    }
    alphas.add_(moves - moves.mean(/*dim=*/1, /*keepdim=*/true));
  }
}

}  // namespace

StageTrainer::StageTrainer(const Experiment& experiment, const Regularizers& regularizers,
                           const DatasetSplits& data, const TrainingHalves& halves,
                           const SearchOptions& options, int stage, SearchProgress before,
                           SearchObserver* observer)
    : experiment_(experiment),
      regularizers_(regularizers),
      settings_(experiment.spec.search()),
      data_(data),
      halves_(halves),
      options_(options),
      before_(std::move(before)),
      observer_(observer),
      begin_(Clock::now()) {
  position_.stage = stage;
  position_.num_stages = experiment.schedule->num_stages();
  position_.shape = experiment.schedule->stage(stage);
  position_.steps = StepsPerEpoch(halves, settings_);
}

absl::Status StageTrainer::Build(const Candidates& candidates) {
  PDARTS_ASSIGN_OR_RETURN(
      net_, experiment_.space->BuildSuperNet(candidates, experiment_.StageNetShape(position_.stage),
                                             NewGenerator("weights")));
  net_->InitializeAlphas(settings_.alpha_deviation(), NewGenerator("alphas"));
  if (settings_.alpha_start() == CARRIED && before_.history_size() > 0) {
    CarryAlphas(before_.history().rbegin()->before(), net_.get());
  }
  net_->to(experiment_.backend.device, experiment_.backend.parameters);
  weight_batches_.emplace(halves_.weights, settings_.batch_size(), NewGenerator("weight order"));
  alpha_batches_.emplace(halves_.alphas, settings_.batch_size(), NewGenerator("alpha order"));
  for (const char* purpose :
       {kRegularizers, kWeightAugmentation, kAlphaAugmentation, kEvaluationAugmentation}) {
    generators_[purpose] = NewGenerator(purpose);
  }
  step_.emplace(net_, settings_, static_cast<uint64_t>(experiment_.spec.seed()), position_.stage);
  step_->set_penalty([this](GradientOf of) { return Penalty(of); });
  context_.stage = position_.stage;
  context_.num_stages = position_.num_stages;
  context_.shape = position_.shape;
  context_.net = net_.get();
  context_.space = experiment_.space.get();
  context_.derivation_options = &experiment_.derivation_options;
  context_.generator = generators_[kRegularizers];
  return absl::OkStatus();
}

absl::Status StageTrainer::Begin() {
  PDARTS_RETURN_IF_ERROR(observer_->OnStageBegin(position_, *net_));
  for (const auto& regularizer : regularizers_) {
    PDARTS_RETURN_IF_ERROR(regularizer->OnStageBegin(context_));
  }
  return absl::OkStatus();
}

absl::Status StageTrainer::Train() {
  while (position_.epoch < position_.shape.epochs) {
    if (position_.step == 0) PDARTS_RETURN_IF_ERROR(BeginEpoch());
    PDARTS_RETURN_IF_ERROR(RunEpoch());
    ++position_.epoch;
    position_.step = 0;
    if (options_.checkpointer == nullptr) continue;
    PDARTS_RETURN_IF_ERROR(options_.checkpointer->StopRequested() ? Stop() : Save());
  }
  return absl::OkStatus();
}

absl::StatusOr<ImageSeconds> StageTrainer::MeasureSeconds() {
  measures_only_ = true;
  // Where the alphas train too, if any epoch of the stage trains them.
  position_.epoch = std::min(position_.shape.warmup_epochs, position_.shape.epochs - 1);
  PDARTS_RETURN_IF_ERROR(Begin());
  PDARTS_RETURN_IF_ERROR(BeginEpoch());
  constexpr double kEnoughSeconds = 0.5;  // of each part
  const auto images = static_cast<double>(halves_.weights.size(0));
  Batch batch;
  PDARTS_ASSIGN_OR_RETURN(const double weight_step, MeanSeconds(kEnoughSeconds, [&] {
                            batch = MakeStepBatch(*weight_batches_, kWeightAugmentation);
                            return WeightStep(batch);
                          }));
  ImageSeconds mean;
  mean.weight_step = weight_step / images;
  if (TrainsAlphas()) {
    PDARTS_ASSIGN_OR_RETURN(const double alpha_step, MeanSeconds(kEnoughSeconds, [&] {
                              return SharesBatches() ? SharedStep(batch) : AlphaStep(batch);
                            }));
    // A shared step takes the place of a weight step.
    mean.alpha_step = (SharesBatches() ? alpha_step - weight_step : alpha_step) / images;
  }
  const Clock::time_point begin = Clock::now();
  PDARTS_RETURN_IF_ERROR(Evaluate());
  mean.evaluation = SecondsSince(begin) / static_cast<double>(halves_.alphas.size(0));
  return mean;
}

absl::Status StageTrainer::BeginEpoch() {
  begin_ = Clock::now();
  earlier_seconds_ = 0;
  context_.epoch = position_.epoch;
  for (const auto& regularizer : regularizers_) {
    PDARTS_RETURN_IF_ERROR(regularizer->OnEpochBegin(context_));
  }
  weight_meter_ = alpha_meter_ = Meter();
  weight_batches_->BeginEpoch();
  alpha_batches_->BeginEpoch();
  return absl::OkStatus();
}

absl::Status StageTrainer::RunEpoch() {
  while (position_.step < position_.steps) {
    PDARTS_RETURN_IF_ERROR(Step());
    ++position_.step;
    PDARTS_RETURN_IF_ERROR(AfterStep());
  }
  const double training_seconds = EpochSeconds();
  const bool measured = position_.epoch >= position_.shape.epochs - settings_.evaluated_epochs();
  if (measured) PDARTS_RETURN_IF_ERROR(Evaluate());

  EpochReport report;
  report.position = position_;
  report.position.step = position_.steps - 1;
  report.weight_loss = weight_meter_.Mean().loss;
  report.weight_top1 = weight_meter_.Mean().top1;
  report.images_per_second =
      static_cast<double>(weight_meter_.images() + alpha_meter_.images()) / training_seconds;
  if (alpha_meter_.images() > 0) {
    report.alpha_loss = alpha_meter_.Mean().loss;
    report.alpha_top1 = alpha_meter_.Mean().top1;
  }
  if (measured) report.supernet = accuracy_;
  report.learning_rate = LearningRate(report.position.step);
  for (const auto& regularizer : regularizers_) {
    for (auto& entry : regularizer->Report()) report.regularizers.push_back(std::move(entry));
  }
  report.net = net_.get();
  report.seconds = EpochSeconds();
  return observer_->OnEpochEnd(report);
}

absl::Status StageTrainer::Step() {
  PDARTS_RETURN_IF_ERROR(CatchLibTorchErrors(
      [&]() -> absl::Status {
        const Batch batch = MakeStepBatch(*weight_batches_, kWeightAugmentation);
        if (SharesBatches() && TrainsAlphas()) return SharedStep(batch);
        const bool alphas_first = settings_.step_order() == ALPHAS_FIRST;
        PDARTS_RETURN_IF_ERROR(alphas_first ? AlphaStep(batch) : WeightStep(batch));
        return alphas_first ? WeightStep(batch) : AlphaStep(batch);
      },
      Place()));
  StepReport report;
  report.position = position_;
  report.weight_loss = weight_meter_.Mean().loss;
  report.weight_top1 = weight_meter_.Mean().top1;
  report.images_per_second =
      static_cast<double>(weight_meter_.images() + alpha_meter_.images()) / EpochSeconds();
  return observer_->OnStep(report);
}

absl::Status StageTrainer::WeightStep(const Batch& batch) {
  const absl::StatusOr<GradientResult> pass =
      step_->TrainWeights(batch, LearningRate(position_.step));
  if (!pass.ok()) return NotFinite(pass.status().message());
  weight_meter_.Add(pass->loss, pass->logits, batch.labels);
  return absl::OkStatus();
}

absl::Status StageTrainer::AlphaStep(const Batch& weight_batch) {
  if (!TrainsAlphas()) return absl::OkStatus();
  const Batch batch = MakeStepBatch(*alpha_batches_, kAlphaAugmentation);
  const absl::StatusOr<GradientResult> pass =
      step_->TrainAlphas(weight_batch, batch, LearningRate(position_.step));
  if (!pass.ok()) return NotFinite(pass.status().message());
  alpha_meter_.Add(pass->loss, pass->logits, batch.labels);
  return absl::OkStatus();
}

absl::Status StageTrainer::SharedStep(const Batch& batch) {
  const absl::StatusOr<GradientResult> pass = step_->TrainBoth(batch, LearningRate(position_.step));
  if (!pass.ok()) return NotFinite(pass.status().message());
  weight_meter_.Add(pass->loss, pass->logits, batch.labels);
  return absl::OkStatus();
}

at::Tensor StageTrainer::Penalty(GradientOf of) const {
  at::Tensor sum;
  const auto add = [&](const at::Tensor& penalty) {
    if (penalty.defined()) sum = sum.defined() ? sum.add(penalty) : penalty;
  };
  for (const auto& regularizer : regularizers_) {
    if (of != GradientOf::kAlphas) add(regularizer->WeightPenalty(context_));
    if (of != GradientOf::kWeights) add(regularizer->AlphaPenalty(context_));
  }
  return sum;
}

absl::Status StageTrainer::Evaluate() {
  c10::NoGradGuard no_grad;
  at::Generator& generator = generators_[kEvaluationAugmentation];
  const at::Tensor state_before = generator.get_state();
  net_->eval();
  const absl::Cleanup back_to_training = [&] { net_->train(); };
  Meter meter;
  int64_t first_image = 0;
  for (const at::Tensor& indices : halves_.alphas.split(settings_.evaluation_batch_size())) {
    if (options_.checkpointer != nullptr && options_.checkpointer->StopRequested()) {
      generator.set_state(state_before);  // measuring starts again when the search goes on
      return Stop();
    }
    PDARTS_RETURN_IF_ERROR(CatchLibTorchErrors(
        [&] {
          const Batch batch = MakeBatch(indices, generator);
          ForwardContext context;
          context.masks = Masks(MaskKey(), first_image);
          const at::Tensor logits = net_->Forward(batch.images, context);
          meter.Add(at::cross_entropy_loss(logits, batch.labels), logits, batch.labels);
          first_image += indices.size(0);
          return absl::OkStatus();
        },
        absl::StrCat("evaluation in ", Place())));
  }
  accuracy_ = meter.Mean();
  if (!std::isfinite(accuracy_.loss)) {
    return NotFinite(absl::StrCat("the super-network's loss became ", accuracy_.loss));
  }
  return absl::OkStatus();
}

Batch StageTrainer::MakeStepBatch(BatchStream& stream, const char* augmentation) {
  Batch batch = MakeBatch(stream.Next(), generators_[augmentation]);
  batch.epoch = position_.epoch;
  // Where the alphas' half is the smaller one its stream starts over within an epoch; positions
  // don't.
  batch.first_image = int64_t{position_.step} * settings_.batch_size();
  return batch;
}

Batch StageTrainer::MakeBatch(const at::Tensor& indices, at::Generator& generator) const {
  Batch batch = MakeTrainingBatch(data_.train, indices, settings_.augmentation(), data_.info,
                                  experiment_.backend.parameters, generator);
  batch.images = batch.images.to(experiment_.backend.device);
  batch.labels = batch.labels.to(experiment_.backend.device);
  return batch;
}

absl::Status StageTrainer::AfterStep() {
  if (options_.checkpointer == nullptr) return absl::OkStatus();
  if (options_.checkpointer->StopRequested()) return Stop();
  return options_.checkpointer->Due() ? Save() : absl::OkStatus();
}

absl::Status StageTrainer::Stop() {
  PDARTS_RETURN_IF_ERROR(Save());
  return absl::CancelledError("stopped as asked");
}

absl::Status StageTrainer::Save() {
  TrainingState state;
  state.trainer = kSearchTrainer;
  state.place = absl::StrCat("stage ", position_.stage + 1, "/", position_.num_stages, ", epoch ",
                             position_.epoch, "/", position_.shape.epochs, " done");
  if (position_.step > 0) absl::StrAppend(&state.place, " and ", position_.step, " steps");

  SearchProgress progress = before_;
  progress.set_stage(position_.stage);
  progress.set_epoch(position_.epoch);
  progress.set_step(position_.step);
  *progress.mutable_candidates() = ToState(net_->candidates());
  progress.set_weight_steps(step_->weights().steps());
  *progress.mutable_weight_meter() = weight_meter_.State();
  *progress.mutable_alpha_meter() = alpha_meter_.State();
  progress.set_epoch_seconds(EpochSeconds());
  progress.set_supernet_top1(accuracy_.top1);
  progress.set_supernet_top5(accuracy_.top5);
  progress.set_supernet_loss(accuracy_.loss);
  for (const Knob& knob : net_->knobs()) (*progress.mutable_knobs())[knob.name] = knob.value;
  for (const auto& regularizer : regularizers_) {
    progress.add_regularizers(regularizer->SaveState());
  }
  progress.SerializeToString(&state.progress);

  SaveModule(*net_, "net", &state);
  SaveOptimizer(step_->weights(), "weights", &state);
  SaveOptimizer(step_->alphas(), "alphas", &state);
  SaveBatchStream(*weight_batches_, "weight batches", &state);
  SaveBatchStream(*alpha_batches_, "alpha batches", &state);
  for (const auto& [purpose, generator] : generators_) SaveGenerator(generator, purpose, &state);

  // A state that holds a NaN would take the place of one that can be used.
  if (const std::string bad = FirstNotFinite(state); !bad.empty()) {
    return NotFinite(absl::StrCat(bad, " is not finite; found before the next step,"));
  }
  return options_.checkpointer->Save(state);
}

absl::Status StageTrainer::Restore(const TrainingState& state, const SearchProgress& progress) {
  if (progress.epoch() < 0 || progress.epoch() > position_.shape.epochs || progress.step() < 0 ||
      progress.step() > position_.steps) {
    return StateDoesNotFit(absl::StrCat("epoch ", progress.epoch(), ", step ", progress.step()));
  }
  if (progress.regularizers_size() != static_cast<int>(regularizers_.size())) {
    return StateDoesNotFit(absl::StrCat(progress.regularizers_size(), " regularisers"));
  }
  position_.epoch = context_.epoch = progress.epoch();
  position_.step = progress.step();
  // The hooks set what they would have set; what they moved beyond that is put back below.
  for (const auto& regularizer : regularizers_) {
    PDARTS_RETURN_IF_ERROR(regularizer->OnStageBegin(context_));
    if (position_.step > 0) PDARTS_RETURN_IF_ERROR(regularizer->OnEpochBegin(context_));
  }
  for (int i = 0; i < progress.regularizers_size(); ++i) {
    PDARTS_RETURN_IF_ERROR(regularizers_[i]->LoadState(progress.regularizers(i)));
  }
  PDARTS_RETURN_IF_ERROR(LoadModule(state, "net", net_.get()));
  PDARTS_RETURN_IF_ERROR(LoadOptimizer(state, "weights", &step_->weights()));
  step_->weights().set_steps(progress.weight_steps());
  PDARTS_RETURN_IF_ERROR(LoadOptimizer(state, "alphas", &step_->alphas()));
  PDARTS_RETURN_IF_ERROR(LoadBatchStream(state, "weight batches", &*weight_batches_));
  PDARTS_RETURN_IF_ERROR(LoadBatchStream(state, "alpha batches", &*alpha_batches_));
  for (auto& [purpose, generator] : generators_) {
    PDARTS_RETURN_IF_ERROR(LoadGenerator(state, purpose, &generator));
  }
  for (const auto& [name, value] : progress.knobs()) {
    PDARTS_RETURN_IF_ERROR(net_->SetKnob(name, value));
  }
  weight_meter_ = Meter(progress.weight_meter());
  alpha_meter_ = Meter(progress.alpha_meter());
  accuracy_ = {progress.supernet_top1(), progress.supernet_top5(), progress.supernet_loss()};
  earlier_seconds_ = progress.epoch_seconds();
  begin_ = Clock::now();
  return observer_->OnResume(position_, *net_);
}

double StageTrainer::LearningRate(int step) const {
  if (measures_only_) return 0;
  double epoch = position_.epoch;
  if (settings_.weights().cosine_by_step()) {
    epoch += static_cast<double>(step) / position_.steps;
  }
  return CosineLearningRate(settings_.weights(), epoch, position_.shape.epochs);
}

double StageTrainer::EpochSeconds() const {
  return earlier_seconds_ + std::chrono::duration<double>(Clock::now() - begin_).count();
}

std::string StageTrainer::Place() const {
  return absl::StrCat("stage ", position_.stage + 1, ", epoch ", position_.epoch + 1, ", step ",
                      position_.step + 1);
}

absl::Status StageTrainer::NotFinite(absl::string_view what) const {
  return absl::InternalError(absl::StrCat(what, " in ", Place()));
}

at::Generator StageTrainer::NewGenerator(absl::string_view purpose) const {
  return MakeGenerator(static_cast<uint64_t>(experiment_.spec.seed()), purpose,
                       static_cast<uint64_t>(position_.stage));
}

absl::Status StateDoesNotFit(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("the state doesn't fit the experiment: ", what));
}

CandidatesState ToState(const Candidates& candidates, const EdgeProbabilities* probabilities) {
  CandidatesState state;
  for (size_t k = 0; k < candidates.size(); ++k) {
    CellState* kind = state.add_kinds();
    for (size_t e = 0; e < candidates[k].size(); ++e) {
      EdgeState* edge = kind->add_edges();
      for (int operation : candidates[k][e]) edge->add_operations(operation);
      if (probabilities == nullptr) continue;
      for (double p : (*probabilities)[k][e]) edge->add_probabilities(p);
    }
  }
  return state;
}

Candidates CandidatesOf(const CandidatesState& state) {
  Candidates candidates;
  for (const CellState& kind : state.kinds()) {
    auto& cell = candidates.emplace_back();
    for (const EdgeState& edge : kind.edges()) {
      cell.emplace_back(edge.operations().begin(), edge.operations().end());
    }
  }
  return candidates;
}

EdgeProbabilities ProbabilitiesOf(const CandidatesState& state) {
  EdgeProbabilities probabilities;
  for (const CellState& kind : state.kinds()) {
    auto& cell = probabilities.emplace_back();
    for (const EdgeState& edge : kind.edges()) {
      cell.emplace_back(edge.probabilities().begin(), edge.probabilities().end());
    }
  }
  return probabilities;
}

}  // namespace pdarts
