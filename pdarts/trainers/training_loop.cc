#include "pdarts/trainers/training_loop.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/libtorch_errors.h"
#include "pdarts/core/seconds_since.h"

namespace pdarts {

TrainingLoop::TrainingLoop(Task* task, Settings settings)
    : task_(task),
      settings_(std::move(settings)),
      position_(settings_.begin),
      begin_(std::chrono::steady_clock::now()) {}

absl::Status TrainingLoop::Run(Checkpointer* checkpointer, LoopObserver* observer) {
  checkpointer_ = checkpointer;
  observer_ = observer;
  while (position_.epoch < position_.epochs) {
    if (position_.step == 0) PDARTS_RETURN_IF_ERROR(BeginEpoch());
    while (position_.step < position_.steps) {
      PDARTS_RETURN_IF_ERROR(Step());
      ++position_.step;
      PDARTS_RETURN_IF_ERROR(KeepOrStop(/*epoch_is_done=*/false));
    }
    PDARTS_RETURN_IF_ERROR(EndEpoch());
    ++position_.epoch;
    position_.step = 0;
    PDARTS_RETURN_IF_ERROR(KeepOrStop(/*epoch_is_done=*/true));
  }
  return absl::OkStatus();
}

absl::Status TrainingLoop::BeginEpoch() {
  begin_ = std::chrono::steady_clock::now();
  earlier_seconds_ = 0;
  weight_meter_ = alpha_meter_ = Meter();
  return CatchLibTorchErrors([&] { return task_->BeginEpoch(); }, Place());
}

absl::Status TrainingLoop::Step() {
  PDARTS_RETURN_IF_ERROR(
      CatchLibTorchErrors([&] { return task_->Step(LearningRate(position_.step)); }, Place()));
  // The meters are read after the first step of an epoch, so that a loss is available soon.
  if (position_.step % kStepsOfARead == 0) PDARTS_RETURN_IF_ERROR(ReadMeters());
  return observer_->OnStep({position_, weight_meter_.Mean(), ImagesPerSecond()});
}

absl::Status TrainingLoop::ReadMeters() {
  return CatchLibTorchErrors([&] { return task_->ReadMeters(); }, EpochPlace());
}

absl::Status TrainingLoop::EndEpoch() {
  PDARTS_RETURN_IF_ERROR(ReadMeters());
  LoopEpochReport report;
  report.position = position_;
  --report.position.step;  // the last step that was done
  report.train = weight_meter_.Mean();
  report.learning_rate = LearningRate(report.position.step);
  report.images_per_second = ImagesPerSecond();
  report.skipped_images = settings_.epoch_images - weight_meter_.images();
  return task_->EndEpoch(report);
}

absl::StatusOr<Evaluation> TrainingLoop::Measure(
    const std::function<absl::StatusOr<Evaluation>(const std::function<bool()>& stop)>& evaluate) {
  absl::StatusOr<Evaluation> evaluation = CatchLibTorchErrors([&] {
    return evaluate([&] { return checkpointer_ != nullptr && checkpointer_->StopRequested(); });
  });
  if (absl::IsCancelled(evaluation.status())) return Stop();
  if (!evaluation.ok()) {
    return Annotate(evaluation.status(), absl::StrCat("evaluation after ", EpochPlace()));
  }
  measured_ = evaluation->accuracy;
  return evaluation;
}

absl::Status TrainingLoop::KeepOrStop(bool epoch_is_done) {
  if (checkpointer_ == nullptr) return absl::OkStatus();
  if (checkpointer_->StopRequested()) return Stop();
  return epoch_is_done || checkpointer_->Due() ? Save() : absl::OkStatus();
}

absl::Status TrainingLoop::Stop() {
  PDARTS_RETURN_IF_ERROR(Save());
  return absl::CancelledError("stopped as asked");
}

absl::Status TrainingLoop::Save() {
  PDARTS_RETURN_IF_ERROR(ReadMeters());
  TrainingState state;
  state.trainer = settings_.trainer;
  state.place = DonePlace();
  LoopProgress progress;
  progress.set_stage(position_.stage);
  progress.set_epoch(position_.epoch);
  progress.set_step(position_.step);
  *progress.mutable_weight_meter() = weight_meter_.State();
  *progress.mutable_alpha_meter() = alpha_meter_.State();
  progress.set_epoch_seconds(EpochSeconds());
  *progress.mutable_measured() = ToState(measured_);
  task_->Save(&state, &progress);
  progress.SerializeToString(&state.progress);
  MoveToHost(&state);
  // A state with a NaN must not replace a usable state.
  if (const std::string bad = FirstNotFinite(state); !bad.empty()) {
    return NotFinite(absl::StrCat(bad, " is not finite; found before the next step,"));
  }
  return checkpointer_->Save(state);
}

absl::Status TrainingLoop::Restore(const TrainingState& state, const LoopProgress& progress) {
  if (progress.stage() != position_.stage || progress.epoch() < 0 ||
      progress.epoch() > position_.epochs || progress.step() < 0 ||
      progress.step() > position_.steps) {
    return StateDoesNotFit(absl::StrCat("stage ", progress.stage(), ", epoch ", progress.epoch(),
                                        ", step ", progress.step()));
  }
  position_.epoch = progress.epoch();
  position_.step = progress.step();
  weight_meter_ = Meter(progress.weight_meter());
  alpha_meter_ = Meter(progress.alpha_meter());
  measured_ = FromState(progress.measured());
  earlier_seconds_ = progress.epoch_seconds();
  begin_ = std::chrono::steady_clock::now();
  return task_->Load(state, progress);
}

absl::Status TrainingLoop::NotFinite(absl::string_view what, int step) const {
  return absl::InternalError(absl::StrCat(what, " in ", Place(step)));
}

double TrainingLoop::EpochSeconds() const { return earlier_seconds_ + SecondsSince(begin_); }

double TrainingLoop::LearningRate(int step) const {
  double epoch = position_.epoch;
  if (settings_.rate_moves_by_step) epoch += static_cast<double>(step) / position_.steps;
  return settings_.learning_rate(epoch);
}

double TrainingLoop::ImagesPerSecond() const {
  return static_cast<double>(weight_meter_.images() + alpha_meter_.images()) / EpochSeconds();
}

std::string TrainingLoop::EpochPlace() const {
  return absl::StrCat(
      position_.num_stages > 0 ? absl::StrCat("stage ", position_.stage + 1, ", ") : "", "epoch ",
      position_.epoch + 1);
}

std::string TrainingLoop::Place(int step) const {
  return absl::StrCat(EpochPlace(), ", step ", step + 1);
}

std::string TrainingLoop::DonePlace() const {
  std::string place;
  if (position_.num_stages > 0) {
    place = absl::StrCat("stage ", position_.stage + 1, "/", position_.num_stages, ", ");
  }
  absl::StrAppend(&place, "epoch ", position_.epoch, "/", position_.epochs, " done");
  if (position_.step > 0) absl::StrAppend(&place, " and ", position_.step, " steps");
  return place;
}

absl::StatusOr<LoopProgress> ReadProgress(const TrainingState& state, absl::string_view trainer) {
  LoopProgress progress;
  if (state.trainer != trainer || !progress.ParseFromString(state.progress)) {
    return absl::DataLossError(absl::StrCat("the state is of a \"", state.trainer,
                                            "\", one of a \"", trainer, "\" is expected"));
  }
  return progress;
}

absl::Status StateDoesNotFit(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("the state does not fit the experiment: ", what));
}

AccuracyState ToState(const Accuracy& accuracy) {
  AccuracyState state;
  state.set_top1(accuracy.top1);
  state.set_top5(accuracy.top5);
  state.set_loss(accuracy.loss);
  return state;
}

Accuracy FromState(const AccuracyState& state) {
  return {state.top1(), state.top5(), state.loss()};
}

}  // namespace pdarts
