#include "pdarts/trainers/network_trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "ATen/ops/arange.h"
#include "absl/strings/str_cat.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/datasets/augmentation/augmentation.h"
#include "pdarts/trainers/evaluation.h"
#include "pdarts/trainers/libtorch_errors.h"
#include "pdarts/trainers/mean_seconds.h"
#include "pdarts/trainers/network_state.pb.h"
#include "pdarts/trainers/smallest_batch.h"

namespace pdarts {
namespace {

using Clock = std::chrono::steady_clock;

/// Epochs at the end in which a linear learning rate falls five times slower.
constexpr int kSlowEpochs = 5;

/// TrainingState.trainer.
constexpr char kNetworkTrainer[] = "network";

AugmentationSettings Augmentation(const TrainAugmentation& settings) {
  AugmentationSettings augmentation;
  augmentation.set_crop_padding(settings.crop_padding());
  augmentation.set_flip(settings.flip());
  augmentation.set_cutout(settings.cutout());
  return augmentation;
}

/// Where a step lies on the learning rate's curve.
double Epoch(const TrainSettings& settings, const TrainPosition& position) {
  if (!settings.weights().cosine_by_step()) return position.epoch;
  return position.epoch + static_cast<double>(position.step) / position.steps;
}

MeasuredState ToState(const Accuracy& accuracy) {
  MeasuredState state;
  state.set_top1(accuracy.top1);
  state.set_top5(accuracy.top5);
  state.set_loss(accuracy.loss);
  return state;
}

Accuracy FromState(const MeasuredState& state) {
  return {state.top1(), state.top5(), state.loss()};
}

/// Checks what a spec asks of a training set.
absl::Status CheckImages(const TrainSettings& settings, const DatasetSplits& data) {
  const int64_t available = data.train.images.size(0);
  if (settings.train_images() > available) {
    return absl::InvalidArgumentError(absl::StrCat("train.train_images: ", settings.train_images(),
                                                   " are asked for, the training split has ",
                                                   available));
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
  // Only the cosine is defined between two epochs.
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

NetworkTrainer::NetworkTrainer(const Training& training, const DatasetSplits& data)
    : training_(training),
      settings_(training.spec.train()),
      info_(data.info),
      data_(data),
      augmentation_settings_(Augmentation(settings_.augmentation())),
      begin_(Clock::now()) {}

absl::StatusOr<std::unique_ptr<NetworkTrainer>> NetworkTrainer::Create(const Training& training,
                                                                       const DatasetSplits& data) {
  PDARTS_RETURN_IF_ERROR(CheckImages(training.spec.train(), data));
  std::unique_ptr<NetworkTrainer> trainer(new NetworkTrainer(training, data));
  PDARTS_RETURN_IF_ERROR(CatchLibTorchErrors([&] { return trainer->Build(); }));
  return trainer;
}

absl::Status NetworkTrainer::Build() {
  const int64_t images =
      settings_.train_images() > 0 ? settings_.train_images() : data_.train.images.size(0);
  PDARTS_RETURN_IF_ERROR(CheckSmallestBatch(training_, images));
  const auto build = [&] {
    return BuildTrainedNetwork(training_, training_.backend.device, NewGenerator("weights"));
  };
  PDARTS_ASSIGN_OR_RETURN(const std::shared_ptr<Network> network, build());
  std::shared_ptr<Network> average;
  if (settings_.average_decay() > 0) {
    PDARTS_ASSIGN_OR_RETURN(average, build());
  }
  step_.emplace(network, average, settings_, static_cast<uint64_t>(training_.spec.seed()));
  batches_.emplace(at::arange(images, at::kLong), settings_.batch_size(), NewGenerator("order"));
  augmentation_ = NewGenerator("augmentation");
  position_.epochs = settings_.epochs();
  position_.steps = static_cast<int>(NumBatches(images, settings_.batch_size()));
  return absl::OkStatus();
}

absl::Status NetworkTrainer::Train(Checkpointer* checkpointer, TrainObserver* observer) {
  checkpointer_ = checkpointer;
  observer_ = observer;
  return CatchLibTorchErrors([&]() -> absl::Status {
    const bool begins = position_.epoch == 0 && position_.step == 0;
    if (begins) step_->BeginAverage();  // weights may come from elsewhere
    while (position_.epoch < position_.epochs) {
      PDARTS_RETURN_IF_ERROR(TrainEpoch());
      if (checkpointer_ == nullptr) continue;
      PDARTS_RETURN_IF_ERROR(checkpointer_->StopRequested() ? Stop() : Save());
    }
    return absl::OkStatus();
  });
}

absl::Status NetworkTrainer::TrainEpoch() {
  network().train();
  if (position_.step == 0) {
    begin_ = Clock::now();
    earlier_seconds_ = 0;
    batches_->BeginEpoch();
    meter_ = Meter();
  }
  while (position_.step < position_.steps) {
    PDARTS_RETURN_IF_ERROR(Step(batches_->Next(), LearningRateNow(), DropPath()));
    TrainStepReport report;
    report.position = position_;
    report.train = meter_.Mean();
    report.images_per_second = static_cast<double>(meter_.images()) / EpochSeconds();
    PDARTS_RETURN_IF_ERROR(observer_->OnStep(report));
    ++position_.step;
    PDARTS_RETURN_IF_ERROR(AfterStep());
  }
  return FinishEpoch();
}

absl::Status NetworkTrainer::Step(const at::Tensor& indices, double learning_rate,
                                  double drop_path) {
  return CatchLibTorchErrors(
      [&]() -> absl::Status {
        Batch batch = MakeTrainingBatch(data_.train, indices, augmentation_settings_, info_,
                                        training_.backend.parameters, augmentation_);
        batch.images = batch.images.to(training_.backend.device);
        batch.labels = batch.labels.to(training_.backend.device);
        batch.epoch = position_.epoch;
        batch.first_image = int64_t{position_.step} * settings_.batch_size();
        const absl::StatusOr<NetworkStep::Pass> pass =
            step_->Train(batch, learning_rate, drop_path);
        if (!pass.ok()) return NotFinite(pass.status().message());
        meter_.Add(pass->loss, pass->logits, batch.labels);
        return absl::OkStatus();
      },
      Place());
}

absl::StatusOr<double> NetworkTrainer::MeasureSeconds(int64_t train_images, int64_t test_images) {
  constexpr double kEnoughSeconds = 1;
  const int64_t batch = std::min(
      {kMostTimedImages, data_.train.images.size(0), static_cast<int64_t>(settings_.batch_size())});
  const at::Tensor indices = at::arange(batch, at::kLong);
  network().train();
  step_->BeginAverage();
  // Seconds of a step for each of its images. Steps leave the weights as they are, so that they
  // can't diverge.
  const auto measure = [&](double drop_path) -> absl::StatusOr<double> {
    PDARTS_ASSIGN_OR_RETURN(const double seconds, MeanSeconds(kEnoughSeconds, [&] {
                              return Step(indices, /*learning_rate=*/0, drop_path);
                            }));
    return seconds / static_cast<double>(batch);
  };
  const int epochs = settings_.epochs();
  PDARTS_ASSIGN_OR_RETURN(const double first_epoch, measure(0));
  double later_epochs = first_epoch;
  if (settings_.drop_path() > 0 && epochs > 1) {  // only the first epoch drops no paths
    PDARTS_ASSIGN_OR_RETURN(later_epochs, measure(settings_.drop_path() / 2));
  }
  const int64_t measured = std::min({kMostTimedImages, data_.test.images.size(0),
                                     static_cast<int64_t>(settings_.evaluation_batch_size())});
  const ImageSplit split{data_.test.images.narrow(0, 0, measured),
                         data_.test.labels.narrow(0, 0, measured)};
  const Clock::time_point begin = Clock::now();
  PDARTS_RETURN_IF_ERROR(CatchLibTorchErrors(
      [&]() -> absl::Status {
        return Evaluate(network(), split, info_, measured, training_.backend.device).status();
      },
      "evaluation"));
  const double evaluation = SecondsSince(begin) / static_cast<double>(measured);
  return static_cast<double>(train_images) * (first_epoch + (epochs - 1) * later_epochs) +
         epochs * static_cast<double>(test_images) * evaluation;
}

absl::Status NetworkTrainer::FinishEpoch() {
  Network& measured = step_->average() != nullptr ? *step_->average() : network();
  TrainEpochReport report;
  report.position = position_;
  report.train = meter_.Mean();
  report.images_per_second = static_cast<double>(meter_.images()) / EpochSeconds();
  report.drop_path = DropPath();
  report.measured = &measured;
  const absl::StatusOr<Evaluation> evaluation = CatchLibTorchErrors([&] {
    return Evaluate(measured, data_.test, info_, settings_.evaluation_batch_size(),
                    training_.backend.device,
                    [&] { return checkpointer_ != nullptr && checkpointer_->StopRequested(); });
  });
  // When the training goes on, it measures again.
  if (absl::IsCancelled(evaluation.status())) return Stop();
  if (!evaluation.ok()) {
    return Annotate(evaluation.status(),
                    absl::StrCat("evaluation after epoch ", position_.epoch + 1));
  }
  last_ = report.test = evaluation->accuracy;
  report.class_right = CountRight(data_.test.labels, evaluation->guesses,
                                  static_cast<int>(info_.class_names.size()));
  report.is_best = best_epoch_ < 0 || last_.top1 > best_.top1 ||
                   (last_.top1 == best_.top1 && last_.loss < best_.loss);
  if (report.is_best) {
    best_ = last_;
    best_epoch_ = position_.epoch;
  }
  --report.position.step;  // the last one that was done
  report.learning_rate = LearningRate(settings_, Epoch(settings_, report.position));
  report.seconds = EpochSeconds();
  PDARTS_RETURN_IF_ERROR(observer_->OnEpochEnd(report));
  ++position_.epoch;
  position_.step = 0;
  return absl::OkStatus();
}

absl::Status NetworkTrainer::AfterStep() {
  if (checkpointer_ == nullptr) return absl::OkStatus();
  if (checkpointer_->StopRequested()) return Stop();
  return checkpointer_->Due() ? Save() : absl::OkStatus();
}

absl::Status NetworkTrainer::Stop() {
  PDARTS_RETURN_IF_ERROR(Save());
  return absl::CancelledError("stopped as asked");
}

absl::Status NetworkTrainer::Save() {
  TrainingState state;
  state.trainer = kNetworkTrainer;
  state.place = absl::StrCat("epoch ", position_.epoch, "/", position_.epochs, " done");
  if (position_.step > 0) absl::StrAppend(&state.place, " and ", position_.step, " steps");

  NetworkProgress progress;
  progress.set_epoch(position_.epoch);
  progress.set_step(position_.step);
  progress.set_steps(step_->optimizer().steps());
  *progress.mutable_meter() = meter_.State();
  progress.set_epoch_seconds(EpochSeconds());
  *progress.mutable_last() = ToState(last_);
  *progress.mutable_best() = ToState(best_);
  progress.set_best_epoch(best_epoch_);
  progress.SerializeToString(&state.progress);

  SaveModule(network(), "net", &state);
  if (step_->average() != nullptr) SaveModule(*step_->average(), "average", &state);
  SaveOptimizer(step_->optimizer(), "weights", &state);
  SaveBatchStream(*batches_, "batches", &state);
  SaveGenerator(augmentation_, "augmentation", &state);

  // A state that holds a NaN would take the place of one that can be used.
  if (const std::string bad = FirstNotFinite(state); !bad.empty()) {
    return NotFinite(absl::StrCat(bad, " is not finite; found before the next step,"));
  }
  return checkpointer_->Save(state);
}

absl::Status NetworkTrainer::Restore(const TrainingState& state) {
  NetworkProgress progress;
  if (state.trainer != kNetworkTrainer || !progress.ParseFromString(state.progress)) {
    return absl::DataLossError(
        absl::StrCat("the state is of a \"", state.trainer, "\", not of a network's training"));
  }
  if (progress.epoch() < 0 || progress.epoch() > position_.epochs || progress.step() < 0 ||
      progress.step() > position_.steps) {
    return absl::DataLossError(absl::StrCat("the state doesn't fit the training: epoch ",
                                            progress.epoch(), ", step ", progress.step()));
  }
  PDARTS_RETURN_IF_ERROR(LoadModule(state, "net", &network()));
  if (step_->average() != nullptr) {
    PDARTS_RETURN_IF_ERROR(LoadModule(state, "average", step_->average()));
  }
  PDARTS_RETURN_IF_ERROR(LoadOptimizer(state, "weights", &step_->optimizer()));
  step_->optimizer().set_steps(progress.steps());
  PDARTS_RETURN_IF_ERROR(LoadBatchStream(state, "batches", &*batches_));
  PDARTS_RETURN_IF_ERROR(LoadGenerator(state, "augmentation", &augmentation_));
  position_.epoch = progress.epoch();
  position_.step = progress.step();
  meter_ = Meter(progress.meter());
  earlier_seconds_ = progress.epoch_seconds();
  begin_ = Clock::now();
  last_ = FromState(progress.last());
  best_ = FromState(progress.best());
  best_epoch_ = progress.best_epoch();
  return absl::OkStatus();
}

double NetworkTrainer::LearningRateNow() const {
  return LearningRate(settings_, Epoch(settings_, position_));
}

double NetworkTrainer::DropPath() const {
  return settings_.drop_path() * position_.epoch / position_.epochs;
}

double NetworkTrainer::EpochSeconds() const {
  return earlier_seconds_ + std::chrono::duration<double>(Clock::now() - begin_).count();
}

std::string NetworkTrainer::Place() const {
  return absl::StrCat("epoch ", position_.epoch + 1, ", step ", position_.step + 1);
}

absl::Status NetworkTrainer::NotFinite(absl::string_view what) const {
  return absl::InternalError(absl::StrCat(what, " in ", Place()));
}

at::Generator NetworkTrainer::NewGenerator(absl::string_view purpose) const {
  return MakeGenerator(static_cast<uint64_t>(training_.spec.seed()), purpose);
}

}  // namespace pdarts
