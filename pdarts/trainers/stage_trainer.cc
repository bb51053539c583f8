#include "pdarts/trainers/stage_trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/edge_probabilities.h"
#include "pdarts/core/random.h"
#include "pdarts/core/seconds_since.h"
#include "pdarts/core/super_net.h"
#include "pdarts/datasets/transforms/transforms.h"
#include "pdarts/trainers/alpha_training.h"
#include "pdarts/trainers/data_parallel.h"
#include "pdarts/trainers/evaluation.h"
#include "pdarts/trainers/mean_seconds.h"
#include "pdarts/trainers/optimizers.h"

namespace pdarts {
namespace {

constexpr char kRegularizers[] = "regularizers";
constexpr char kWeights[] = "weights";
constexpr char kAlphas[] = "alphas";
constexpr char kEvaluation[] = "evaluation";

}  // namespace

StageTrainer::StageTrainer(const Experiment& experiment, const Regularizers& regularizers,
                           const DatasetSplits& data, const TrainingHalves& halves, int stage,
                           SearchProgress before, SearchObserver* observer,
                           Communicator& communicator)
    : experiment_(experiment),
      regularizers_(regularizers),
      settings_(experiment.spec.search()),
      data_(data),
      halves_(halves),
      shape_(experiment.schedule->stage(stage)),
      before_(std::move(before)),
      observer_(observer),
      communicator_(communicator),
      loop_(this, LoopSettings(stage)) {}

TrainingLoop::Settings StageTrainer::LoopSettings(int stage) const {
  TrainingLoop::Settings loop;
  loop.trainer = kSearchTrainer;
  loop.begin.stage = stage;
  loop.begin.num_stages = experiment_.schedule->num_stages();
  loop.begin.epochs = shape_.epochs;
  loop.begin.steps = StepsPerEpoch(halves_, settings_);
  loop.epoch_images = halves_.weights.size(0);
  loop.learning_rate = [this](double epoch) {
    return CosineLearningRate(settings_.weights(), epoch, shape_.epochs);
  };
  loop.rate_moves_by_step = settings_.weights().cosine_by_step();
  return loop;
}

absl::Status StageTrainer::Build(const Candidates& candidates) {
  const LoopPosition& at = loop_.position();
  PDARTS_ASSIGN_OR_RETURN(super_net_, experiment_.space->BuildSuperNet(
                                          candidates, experiment_.StageSuperNetShape(at.stage),
                                          NewGenerator(kWeights)));
  super_net_->InitializeAlphas(settings_.alpha_deviation(), NewGenerator(kAlphas));
  super_net_->to(experiment_.backend.device, experiment_.backend.parameters);
  // Random weights of the same seed may differ in the last bits between machines.
  PDARTS_RETURN_IF_ERROR(communicator_.Broadcast(super_net_->parameters(), /*root=*/0));
  PDARTS_ASSIGN_OR_RETURN(weight_batches_, MakeLoader(halves_.weights, kWeights,
                                                      settings_.batch_size(), communicator_));
  PDARTS_ASSIGN_OR_RETURN(
      alpha_batches_, MakeLoader(halves_.alphas, kAlphas, settings_.batch_size(), communicator_));
  step_.emplace(super_net_, settings_, static_cast<uint64_t>(experiment_.spec.seed()), at.stage,
                communicator_);
  step_->set_penalty([this](GradientOf of) { return Penalty(of); },
                     [this] { return PenaltyConstants(); });
  context_.stage = at.stage;
  context_.num_stages = at.num_stages;
  context_.shape = shape_;
  context_.super_net = super_net_.get();
  context_.space = experiment_.space.get();
  context_.derivation_options = &experiment_.derivation_options;
  context_.generator = NewGenerator(kRegularizers);
  return absl::OkStatus();
}

absl::Status StageTrainer::Begin() {
  PDARTS_RETURN_IF_ERROR(observer_->OnStageBegin(position(), *super_net_));
  for (const auto& regularizer : regularizers_) {
    PDARTS_RETURN_IF_ERROR(regularizer->OnStageBegin(context_));
  }
  return absl::OkStatus();
}

absl::Status StageTrainer::Restore(const TrainingState& state, const LoopProgress& progress) {
  PDARTS_RETURN_IF_ERROR(loop_.Restore(state, progress));
  return observer_->OnResume(position(), *super_net_);
}

absl::StatusOr<ImageSeconds> StageTrainer::MeasureSeconds() {
  // If any epoch of the stage trains the alphas, the timed epoch trains them too. Steps do not
  // change the weights, so that the weights cannot diverge.
  loop_.GoTo(std::min(shape_.warmup_epochs, shape_.epochs - 1));
  PDARTS_RETURN_IF_ERROR(Begin());
  PDARTS_RETURN_IF_ERROR(BeginEpoch());
  constexpr double kEnoughSeconds = 0.5;  // for each part
  const auto images = static_cast<double>(halves_.weights.size(0));
  Batch batch;
  // Each step ends when its numbers are read. A device records a step before the timed steps.
  const auto measure = [&](const std::function<absl::Status()>& step) -> absl::StatusOr<double> {
    for (int i = 0; i < step_->warm_ups(); ++i) PDARTS_RETURN_IF_ERROR(step());
    return MeanSeconds(kEnoughSeconds, [&]() -> absl::Status {
      PDARTS_RETURN_IF_ERROR(step());
      return ReadMeters();
    });
  };
  PDARTS_ASSIGN_OR_RETURN(const double weight_step, measure([&]() -> absl::Status {
                            PDARTS_ASSIGN_OR_RETURN(batch, NextBatch(*weight_batches_));
                            return WeightStep(batch, /*learning_rate=*/0);
                          }));
  ImageSeconds mean;
  mean.weight_step = weight_step / images;
  if (TrainsAlphas()) {
    PDARTS_ASSIGN_OR_RETURN(const double alpha_step,
                            measure([&] { return AlphaStep(batch, /*learning_rate=*/0); }));
    mean.alpha_step = alpha_step / images;
  }
  const auto begin = std::chrono::steady_clock::now();
  PDARTS_RETURN_IF_ERROR(MeasureNet().status());
  mean.evaluation = SecondsSince(begin) / static_cast<double>(halves_.alphas.size(0));
  return mean;
}

absl::StatusOr<BatchPixels> StageTrainer::FirstImages(int64_t most) const {
  // The transforms of an image do not depend on the size of its batch.
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<Loader> loader,
                          MakeLoader(halves_.weights, kWeights,
                                     std::min(most, halves_.weights.size(0)), SingleProcess()));
  return loader->NextPixels();
}

SearchPosition StageTrainer::position() const {
  return {loop_.position(), shape_, expected_bytes_, expected_seconds_};
}

absl::Status StageTrainer::BeginEpoch() {
  context_.epoch = loop_.position().epoch;
  for (const auto& regularizer : regularizers_) {
    PDARTS_RETURN_IF_ERROR(regularizer->OnEpochBegin(context_));
  }
  weight_batches_->Seek(context_.epoch, 0);
  // In every epoch, the images of the alphas have a new order.
  if (alpha_batches_->next_batch() != 0) alpha_batches_->Seek(alpha_batches_->epoch() + 1, 0);
  step_->Restart(loop_.weight_meter(), loop_.alpha_meter());
  return absl::OkStatus();
}

absl::Status StageTrainer::Step(double learning_rate) {
  last_step_ = loop_.position().step;
  PDARTS_ASSIGN_OR_RETURN(const Batch batch, NextBatch(*weight_batches_));
  const bool alphas_first = settings_.step_order() == ALPHAS_FIRST;
  PDARTS_RETURN_IF_ERROR(alphas_first ? AlphaStep(batch, learning_rate)
                                      : WeightStep(batch, learning_rate));
  return alphas_first ? WeightStep(batch, learning_rate) : AlphaStep(batch, learning_rate);
}

absl::Status StageTrainer::WeightStep(const Batch& batch, double learning_rate) {
  const absl::StatusOr<GradientResult> pass = step_->TrainWeights(batch, learning_rate);
  if (!pass.ok()) return loop_.NotFinite(pass.status().message());
  Score(*pass, batch.labels, &loop_.weight_meter());
  return absl::OkStatus();
}

absl::Status StageTrainer::AlphaStep(const Batch& weight_batch, double learning_rate) {
  if (!TrainsAlphas()) return absl::OkStatus();
  PDARTS_ASSIGN_OR_RETURN(const Batch batch, NextBatch(*alpha_batches_));
  const absl::StatusOr<GradientResult> pass =
      step_->TrainAlphas(weight_batch, batch, learning_rate);
  if (!pass.ok()) return loop_.NotFinite(pass.status().message());
  Score(*pass, batch.labels, &loop_.alpha_meter());
  return absl::OkStatus();
}

void StageTrainer::Score(const PassScore& pass, const at::Tensor& labels, Meter* meter) const {
  if (step_->is_on_device()) {
    meter->Await(ScoredImages(pass, labels));
  } else {
    AddScore(pass, labels, meter);
  }
}

absl::Status StageTrainer::ReadMeters() {
  const std::optional<SearchStep::NotFinite> failure =
      step_->Read(&loop_.weight_meter(), &loop_.alpha_meter());
  if (!failure) return absl::OkStatus();
  return loop_.NotFinite(failure->what, last_step_ - static_cast<int>(failure->steps_ago));
}

at::Tensor StageTrainer::Penalty(GradientOf of) const {
  at::Tensor sum;
  for (const auto& regularizer : regularizers_) {
    const at::Tensor penalty = of == GradientOf::kWeights ? regularizer->WeightPenalty(context_)
                                                          : regularizer->AlphaPenalty(context_);
    if (penalty.defined()) sum = sum.defined() ? sum.add(penalty) : penalty;
  }
  return sum;
}

std::optional<std::vector<double>> StageTrainer::PenaltyConstants() const {
  std::vector<double> all;
  for (const auto& regularizer : regularizers_) {
    const std::optional<std::vector<double>> constants = regularizer->PenaltyConstants();
    if (!constants) return std::nullopt;
    all.insert(all.end(), constants->begin(), constants->end());
  }
  return all;
}

absl::Status StageTrainer::EndEpoch(const LoopEpochReport& report) {
  if (const absl::Status scales = step_->CheckScales(); !scales.ok()) {
    return loop_.NotFinite(scales.message(), report.position.step);
  }
  EpochReport all;
  static_cast<LoopEpochReport&>(all) = report;
  if (report.position.epoch >= shape_.epochs - settings_.evaluated_epochs()) {
    PDARTS_ASSIGN_OR_RETURN(const Evaluation evaluation, MeasureNet());
    all.supernet = evaluation.accuracy;
    all.skipped_images += evaluation.skipped_images;
  }
  if (loop_.alpha_meter().images() > 0) {
    all.skipped_images += AlphaImages() - loop_.alpha_meter().images();
    all.alpha_loss = loop_.alpha_meter().Mean().loss;
    all.alpha_top1 = loop_.alpha_meter().Mean().top1;
  }
  for (const auto& regularizer : regularizers_) {
    for (auto& entry : regularizer->Report()) all.regularizers.push_back(std::move(entry));
  }
  all.super_net = super_net_.get();
  all.seconds = loop_.EpochSeconds();
  return observer_->OnEpochEnd(all);
}

int64_t StageTrainer::AlphaImages() const {
  // An epoch begins a visit of all images of the half. If it has more steps than batches, it begins
  // further visits.
  const int64_t steps = loop_.position().steps, batches = alpha_batches_->batches_per_epoch();
  return steps / batches * alpha_batches_->images_per_epoch() +
         steps % batches * settings_.batch_size();
}

absl::StatusOr<Evaluation> StageTrainer::MeasureNet() {
  PDARTS_ASSIGN_OR_RETURN(
      const std::unique_ptr<Loader> loader,
      MakeLoader(halves_.alphas, kEvaluation, settings_.evaluation_batch_size(), communicator_));
  loader->Seek(loop_.position().epoch, 0);
  PDARTS_ASSIGN_OR_RETURN(Evaluation evaluation,
                          loop_.Measure([&](const std::function<bool()>& stop) {
                            return Evaluate(*super_net_, *loader, experiment_.backend.device, stop);
                          }));
  if (const double loss = evaluation.accuracy.loss; !std::isfinite(loss)) {
    return loop_.NotFinite(absl::StrCat("the super-network's loss became ", loss));
  }
  return evaluation;
}

absl::StatusOr<std::unique_ptr<Loader>> StageTrainer::MakeLoader(const at::Tensor& indices,
                                                                 absl::string_view purpose,
                                                                 int64_t batch_size,
                                                                 Communicator& communicator) const {
  PDARTS_ASSIGN_OR_RETURN(const Transforms transforms,
                          Transforms::ForSearch(settings_, data_.info));
  LoaderOptions options;
  options.shuffle = purpose != kEvaluation;
  options.one_epoch = purpose == kEvaluation;
  options.batch_size = batch_size;
  options.communicator = &communicator;
  options.seed = static_cast<uint64_t>(experiment_.spec.seed());
  options.stage = loop_.position().stage;
  options.purpose = std::string(purpose);
  SetLoading(settings_.loading(), &options);
  return Loader::Create(data_.train, indices, transforms, data_.info,
                        experiment_.backend.parameters, std::move(options));
}

absl::StatusOr<Batch> StageTrainer::NextBatch(Loader& loader) const {
  return loader.NextOn(experiment_.backend.device);
}

void StageTrainer::Save(TrainingState* state, LoopProgress* progress) {
  progress->set_weight_steps(step_->weights().steps());
  SearchProgress& search = *progress->mutable_search();
  search = before_;
  *search.mutable_candidates() = EncodeEdges(super_net_->topology(), super_net_->candidates());
  search.set_alpha_pass(alpha_batches_->epoch());
  search.set_alpha_batch(alpha_batches_->next_batch());
  for (const Knob& knob : super_net_->knobs()) (*search.mutable_knobs())[knob.name] = knob.value;
  for (const auto& regularizer : regularizers_) search.add_regularizers(regularizer->SaveState());
  SaveModule(*super_net_, "net", state);
  SaveOptimizer(step_->weights(), kWeights, state);
  SaveOptimizer(step_->alphas(), kAlphas, state);
  SaveLossScale(step_->weight_scale(), kWeights, state);
  SaveLossScale(step_->alpha_scale(), kAlphas, state);
  SaveGenerator(context_.generator, kRegularizers, state);
}

absl::Status StageTrainer::Load(const TrainingState& state, const LoopProgress& progress) {
  const SearchProgress& search = progress.search();
  if (search.regularizers_size() != static_cast<int>(regularizers_.size())) {
    return StateDoesNotFit(absl::StrCat(search.regularizers_size(), " regularizers"));
  }
  if (search.alpha_pass() < 0 || search.alpha_batch() < 0 ||
      search.alpha_batch() > alpha_batches_->batches_per_epoch()) {
    return StateDoesNotFit(absl::StrCat("batch ", search.alpha_batch(), " of pass ",
                                        search.alpha_pass(), " over the images of the alphas"));
  }
  const LoopPosition& at = loop_.position();
  context_.epoch = at.epoch;
  // The hooks set their state again. Other changes of the state are restored below.
  for (const auto& regularizer : regularizers_) {
    PDARTS_RETURN_IF_ERROR(regularizer->OnStageBegin(context_));
    if (at.step > 0) PDARTS_RETURN_IF_ERROR(regularizer->OnEpochBegin(context_));
  }
  for (int i = 0; i < search.regularizers_size(); ++i) {
    PDARTS_RETURN_IF_ERROR(regularizers_[i]->LoadState(search.regularizers(i)));
  }
  PDARTS_RETURN_IF_ERROR(LoadModule(state, "net", super_net_.get()));
  PDARTS_RETURN_IF_ERROR(LoadOptimizer(state, kWeights, &step_->weights()));
  step_->weights().set_steps(progress.weight_steps());
  PDARTS_RETURN_IF_ERROR(LoadOptimizer(state, kAlphas, &step_->alphas()));
  PDARTS_RETURN_IF_ERROR(LoadLossScale(state, kWeights, &step_->weight_scale()));
  PDARTS_RETURN_IF_ERROR(LoadLossScale(state, kAlphas, &step_->alpha_scale()));
  PDARTS_RETURN_IF_ERROR(LoadGenerator(state, kRegularizers, &context_.generator));
  for (const auto& [name, value] : search.knobs()) {
    PDARTS_RETURN_IF_ERROR(super_net_->SetKnob(name, value));
  }
  weight_batches_->Seek(at.epoch, at.step);
  alpha_batches_->Seek(search.alpha_pass(), search.alpha_batch());
  step_->Restart(loop_.weight_meter(), loop_.alpha_meter());
  return absl::OkStatus();
}

at::Generator StageTrainer::NewGenerator(absl::string_view purpose) const {
  return MakeGenerator(static_cast<uint64_t>(experiment_.spec.seed()), purpose,
                       static_cast<uint64_t>(loop_.position().stage));
}

}  // namespace pdarts
