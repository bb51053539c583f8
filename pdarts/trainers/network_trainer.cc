#include "pdarts/trainers/network_trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "ATen/ops/arange.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/libtorch_errors.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/seconds_since.h"
#include "pdarts/datasets/transforms/transforms.h"
#include "pdarts/trainers/batch_parts.h"
#include "pdarts/trainers/data_parallel.h"
#include "pdarts/trainers/mean_seconds.h"
#include "pdarts/trainers/smallest_batch.h"

namespace pdarts {
namespace {

/// Number of epochs at the end in which a linear learning rate falls five times slower.
constexpr int kSlowEpochs = 5;

/// TrainingState.trainer.
constexpr char kNetworkTrainer[] = "network";

/// Checks the requirements of a spec for a training set.
absl::Status CheckImages(const TrainSettings& settings, const DatasetSplits& data) {
  const int64_t available = data.train->size();
  if (settings.train_images() > available) {
    return absl::InvalidArgumentError(
        absl::StrCat("train.train_images: ", settings.train_images(),
                     " images are requested, but the training split has ", available));
  }
  PDARTS_RETURN_IF_ERROR(CheckMeasurable(data));
  const int64_t images = settings.train_images() > 0 ? settings.train_images() : available;
  if (settings.batch_size() > images) {
    return absl::InvalidArgumentError(absl::StrCat("train.batch_size: ", settings.batch_size(),
                                                   " is larger than the training set of ", images,
                                                   " images"));
  }
  return absl::OkStatus();
}

}  // namespace

double LearningRate(const TrainSettings& settings, double epoch) {
  const int epochs = settings.epochs();
  // Only the cosine has values between two epochs.
  const double whole_epoch = std::floor(epoch);
  double rate;
  if (settings.learning_rate_shape() == COSINE) {
    rate = CosineLearningRate(settings.weights(), epoch, epochs);
  } else {
    const double base = settings.weights().learning_rate();
    const double fast = std::max(1, epochs - kSlowEpochs);
    const double left = epochs - whole_epoch;
    rate = left > kSlowEpochs ? base * (left - kSlowEpochs) / fast
                              : base * left / (kSlowEpochs * fast);
  }
  if (whole_epoch < settings.warmup_epochs()) rate *= (whole_epoch + 1) / settings.warmup_epochs();
  return rate;
}

NetworkTrainer::NetworkTrainer(const Training& training, const DatasetSplits& data,
                               Communicator& communicator)
    : training_(training),
      settings_(training.spec.train()),
      data_(data),
      communicator_(communicator),
      loop_(this, LoopSettings()) {}

TrainingLoop::Settings NetworkTrainer::LoopSettings() const {
  TrainingLoop::Settings loop;
  loop.trainer = kNetworkTrainer;
  loop.begin.epochs = settings_.epochs();
  loop.begin.steps = static_cast<int>(NumBatches(NumImages(), settings_.batch_size()));
  loop.epoch_images = NumImages();
  loop.learning_rate = [this](double epoch) { return LearningRate(settings_, epoch); };
  loop.rate_moves_by_step = settings_.weights().cosine_by_step();
  return loop;
}

absl::StatusOr<std::unique_ptr<NetworkTrainer>> NetworkTrainer::Create(const Training& training,
                                                                       const DatasetSplits& data,
                                                                       Communicator& communicator) {
  const TrainSettings& settings = training.spec.train();
  PDARTS_RETURN_IF_ERROR(CheckImages(settings, data));
  PDARTS_RETURN_IF_ERROR(
      CheckShares(settings.accumulate() > 1 ? "train.accumulate" : "train.batch_size",
                  LargestPart(settings, settings.batch_size()), communicator));
  std::unique_ptr<NetworkTrainer> trainer(new NetworkTrainer(training, data, communicator));
  PDARTS_RETURN_IF_ERROR(CatchLibTorchErrors([&] { return trainer->Build(); }));
  return trainer;
}

absl::Status NetworkTrainer::Build() {
  PDARTS_RETURN_IF_ERROR(CheckSmallestBatch(training_, NumImages(), communicator_.size()));
  const auto build = [&] {
    return BuildTrainedNetwork(training_, training_.backend.device, NewGenerator("weights"));
  };
  PDARTS_ASSIGN_OR_RETURN(const std::shared_ptr<Network> network, build());
  std::shared_ptr<Network> average;
  if (settings_.average_decay() > 0) {
    PDARTS_ASSIGN_OR_RETURN(average, build());
  }
  step_.emplace(network, average, settings_, static_cast<uint64_t>(training_.spec.seed()),
                communicator_);
  PDARTS_ASSIGN_OR_RETURN(batches_, MakeLoader(NumImages(), settings_.batch_size(), communicator_));
  return absl::OkStatus();
}

absl::Status NetworkTrainer::Train(Checkpointer* checkpointer, TrainObserver* observer) {
  observer_ = observer;
  // Random weights of the same seed may differ in the last bits between machines.
  PDARTS_RETURN_IF_ERROR(communicator_.Broadcast(network().parameters(), /*root=*/0));
  const LoopPosition& at = loop_.position();
  if (at.epoch == 0 && at.step == 0) {
    step_->BeginAverage();  // the caller may have replaced the weights
  } else {
    PDARTS_RETURN_IF_ERROR(observer->OnResume(at));
  }
  return CatchLibTorchErrors([&] { return loop_.Run(checkpointer, observer); });
}

absl::Status NetworkTrainer::BeginEpoch() {
  network().train();
  batches_->Seek(loop_.position().epoch, 0);
  step_->Restart(loop_.weight_meter());
  return absl::OkStatus();
}

absl::Status NetworkTrainer::Step(double learning_rate) {
  last_step_ = loop_.position().step;
  return TrainOn(*batches_, learning_rate, DropPath());
}

absl::Status NetworkTrainer::TrainOn(Loader& loader, double learning_rate, double drop_path) {
  PDARTS_ASSIGN_OR_RETURN(const Batch batch, loader.NextOn(training_.backend.device));
  const absl::StatusOr<NetworkStep::Pass> pass = step_->Train(batch, learning_rate, drop_path);
  if (!pass.ok()) return loop_.NotFinite(pass.status().message());
  if (step_->is_on_device()) {
    loop_.weight_meter().Await(ScoredImages(*pass, batch.labels));
  } else {
    AddScore(*pass, batch.labels, &loop_.weight_meter());
  }
  return absl::OkStatus();
}

absl::Status NetworkTrainer::ReadMeters() {
  const std::optional<int64_t> steps_ago = step_->Read(&loop_.weight_meter());
  if (!steps_ago) return absl::OkStatus();
  return loop_.NotFinite("the loss is not a finite number",
                         last_step_ - static_cast<int>(*steps_ago));
}

absl::Status NetworkTrainer::EndEpoch(const LoopEpochReport& report) {
  if (const absl::Status scale = step_->loss_scale().Check(); !scale.ok()) {
    return loop_.NotFinite(scale.message(), report.position.step);
  }
  Network& measured = step_->average() != nullptr ? *step_->average() : network();
  PDARTS_ASSIGN_OR_RETURN(
      const Evaluation evaluation, loop_.Measure([&](const std::function<bool()>& stop) {
        return MeasureNetwork(measured, data_.test->size(), stop, communicator_);
      }));
  TrainEpochReport all;
  static_cast<LoopEpochReport&>(all) = report;
  all.test = evaluation.accuracy;
  all.evaluation = &evaluation;
  all.skipped_images += evaluation.skipped_images;
  all.class_right = CountCorrect(data_.test->labels(), evaluation.predicted_classes,
                                 static_cast<int>(data_.info.class_names.size()));
  all.drop_path = DropPath();
  all.is_best = best_epoch_ < 0 || last().top1 > best_.top1 ||
                (last().top1 == best_.top1 && last().loss < best_.loss);
  if (all.is_best) {
    best_ = last();
    best_epoch_ = report.position.epoch;
  }
  all.measured = &measured;
  all.seconds = loop_.EpochSeconds();
  return observer_->OnEpochEnd(all);
}

absl::StatusOr<Evaluation> NetworkTrainer::MeasureNetwork(Network& network, int64_t images,
                                                          const std::function<bool()>& stop,
                                                          Communicator& communicator) const {
  PDARTS_ASSIGN_OR_RETURN(const Transforms transforms,
                          Transforms::ForEvaluation(settings_, data_.info));
  PDARTS_ASSIGN_OR_RETURN(
      const std::unique_ptr<Loader> loader,
      MakeEvaluationLoader(data_.test, images, transforms, data_.info,
                           settings_.evaluation_batch_size(), settings_.loading(),
                           training_.backend.parameters, communicator));
  return Evaluate(network, *loader, training_.backend.device, stop);
}

absl::StatusOr<BatchPixels> NetworkTrainer::FirstImages(int64_t most) const {
  return CatchLibTorchErrors([&]() -> absl::StatusOr<BatchPixels> {
    // The transforms of an image do not depend on the size of its batch.
    PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<Loader> loader,
                            MakeLoader(NumImages(), std::min(most, NumImages()), SingleProcess()));
    return loader->NextPixels();
  });
}

absl::StatusOr<double> NetworkTrainer::MeasureSeconds(int64_t train_images, int64_t test_images) {
  constexpr double kEnoughSeconds = 1;
  const int64_t batch = std::min(
      {kMostTimedImages, data_.train->size(), static_cast<int64_t>(settings_.batch_size())});
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<Loader> loader,
                          MakeLoader(batch, batch, SingleProcess()));
  network().train();
  step_->BeginAverage();
  // Seconds of a step for each of its images. Steps do not change the weights, so that the weights
  // cannot diverge.
  const auto measure = [&](double drop_path) -> absl::StatusOr<double> {
    PDARTS_ASSIGN_OR_RETURN(
        const double seconds, MeanSeconds(kEnoughSeconds, [&]() -> absl::Status {
          PDARTS_RETURN_IF_ERROR(TrainOn(*loader, /*learning_rate=*/0, drop_path));
          return ReadMeters();  // waits for the step
        }));
    return seconds / static_cast<double>(batch);
  };
  return CatchLibTorchErrors([&]() -> absl::StatusOr<double> {
    const int epochs = settings_.epochs();
    PDARTS_ASSIGN_OR_RETURN(const double first_epoch, measure(0));
    double later_epochs = first_epoch;
    if (settings_.drop_path() > 0 && epochs > 1) {  // only the first epoch has no drop path
      PDARTS_ASSIGN_OR_RETURN(later_epochs, measure(settings_.drop_path() / 2));
    }
    const int64_t measured = std::min({kMostTimedImages, data_.test->size(),
                                       static_cast<int64_t>(settings_.evaluation_batch_size())});
    const auto begin = std::chrono::steady_clock::now();
    PDARTS_RETURN_IF_ERROR(
        MeasureNetwork(network(), measured, /*stop=*/{}, SingleProcess()).status());
    const double evaluation = SecondsSince(begin) / static_cast<double>(measured);
    return static_cast<double>(train_images) * (first_epoch + (epochs - 1) * later_epochs) +
           epochs * static_cast<double>(test_images) * evaluation;
  });
}

void NetworkTrainer::Save(TrainingState* state, LoopProgress* progress) {
  progress->set_weight_steps(step_->optimizer().steps());
  *progress->mutable_network()->mutable_best() = ToState(best_);
  progress->mutable_network()->set_best_epoch(best_epoch_);
  SaveModule(network(), "net", state);
  if (step_->average() != nullptr) SaveModule(*step_->average(), "average", state);
  SaveOptimizer(step_->optimizer(), "weights", state);
  SaveLossScale(step_->loss_scale(), "weights", state);
}

absl::Status NetworkTrainer::Restore(const TrainingState& state) {
  PDARTS_ASSIGN_OR_RETURN(const LoopProgress progress, ReadProgress(state, kNetworkTrainer));
  return loop_.Restore(state, progress);
}

absl::Status NetworkTrainer::Load(const TrainingState& state, const LoopProgress& progress) {
  PDARTS_RETURN_IF_ERROR(LoadModule(state, "net", &network()));
  if (step_->average() != nullptr) {
    PDARTS_RETURN_IF_ERROR(LoadModule(state, "average", step_->average()));
  }
  PDARTS_RETURN_IF_ERROR(LoadOptimizer(state, "weights", &step_->optimizer()));
  PDARTS_RETURN_IF_ERROR(LoadLossScale(state, "weights", &step_->loss_scale()));
  step_->optimizer().set_steps(progress.weight_steps());
  best_ = FromState(progress.network().best());
  best_epoch_ = progress.network().best_epoch();
  batches_->Seek(loop_.position().epoch, loop_.position().step);
  step_->Restart(loop_.weight_meter());
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Loader>> NetworkTrainer::MakeLoader(
    int64_t images, int64_t batch_size, Communicator& communicator) const {
  PDARTS_ASSIGN_OR_RETURN(const Transforms transforms,
                          Transforms::ForTraining(settings_, data_.info));
  LoaderOptions options;
  options.batch_size = batch_size;
  options.communicator = &communicator;
  options.part_images = LargestPart(settings_, batch_size);
  options.seed = static_cast<uint64_t>(training_.spec.seed());
  options.purpose = "train";
  SetLoading(settings_.loading(), &options);
  return Loader::Create(data_.train, at::arange(images, at::kLong), transforms, data_.info,
                        training_.backend.parameters, std::move(options));
}

int64_t NetworkTrainer::NumImages() const {
  return settings_.train_images() > 0 ? settings_.train_images() : data_.train->size();
}

double NetworkTrainer::DropPath() const {
  return settings_.drop_path() * loop_.position().epoch / loop_.position().epochs;
}

at::Generator NetworkTrainer::NewGenerator(absl::string_view purpose) const {
  return MakeGenerator(static_cast<uint64_t>(training_.spec.seed()), purpose);
}

}  // namespace pdarts
