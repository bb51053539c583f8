#include "pdarts/sessions/progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pdarts/core/super_net.h"
#include "pdarts/runs/search_decision.h"
#include "pdarts/sessions/names.h"
#include "pdarts/trainers/alpha_training.h"

namespace pdarts {
namespace {

using Clock = std::chrono::steady_clock;

double StageUnits(const StageShape& shape) {
  return shape.warmup_epochs + 2.0 * (shape.epochs - shape.warmup_epochs);
}

std::string Bar(double done, int width) {
  const int full = static_cast<int>(std::round(done * width));
  return absl::StrCat("[", std::string(full, '='), std::string(width - full, ' '), "]");
}

/// The finished part of a training after `steps` steps of the epoch in `at`, in [0, 1].
double PartOfTraining(const LoopPosition& at, int steps) {
  return (at.epoch + static_cast<double>(steps) / at.steps) / at.epochs;
}

void ShowSkipped(const LoopEpochReport& report) {
  if (report.skipped_images == 0) return;
  std::fprintf(stderr, "note: %lld images of the epoch could not be read and were left out\n",
               static_cast<long long>(report.skipped_images));
}

}  // namespace

std::string TimeEstimate::Left(double done) const {
  const double elapsed = std::chrono::duration<double>(Clock::now() - begin_).count();
  const double done_here = done - done_before_;
  return done_here > 0 ? ShortDuration(elapsed * (1 - done) / done_here) : "?";
}

std::string ShortDuration(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole >= 3600) return absl::StrFormat("%dh%02dm", whole / 3600, whole / 60 % 60);
  if (whole >= 60) return absl::StrFormat("%dm%02ds", whole / 60, whole % 60);
  return absl::StrFormat("%ds", whole);
}

std::string RoughDuration(double seconds) {
  const auto minutes = static_cast<int64_t>(std::llround(seconds / 60));
  if (minutes >= 60) return absl::StrFormat("%d h %02d min", minutes / 60, minutes % 60);
  if (minutes >= 10) return absl::StrFormat("%d min", minutes);
  const auto whole = std::max<int64_t>(1, std::llround(seconds));
  if (whole >= 60) return absl::StrFormat("%d min %02d s", whole / 60, whole % 60);
  return absl::StrFormat("%d s", whole);
}

ProgressDisplay::ProgressDisplay(const Experiment& experiment) : experiment_(experiment) {
  const ProgressiveSchedule& schedule = *experiment.schedule;
  int candidates = 0;
  const absl::StatusOr<Candidates> initial = experiment.space->InitialCandidates();
  for (const CellCandidates& kind : initial.ok() ? *initial : Candidates{}) {
    candidates = std::max(candidates, static_cast<int>(kind[0].size()));
  }
  for (int s = 0; s < schedule.num_stages(); ++s) {
    const StageShape shape = schedule.stage(s);
    work_.push_back({1.0 * shape.cells * shape.channels * candidates, shape});
    total_ += work_.back().step * StageUnits(shape);
    candidates = shape.keep;
  }
}

double ProgressDisplay::Done(const LoopPosition& position, int steps) const {
  double done = 0;
  for (int s = 0; s < position.stage; ++s) done += work_[s].step * StageUnits(work_[s].shape);
  const StageShape& shape = work_[position.stage].shape;
  StageShape so_far = shape;
  so_far.epochs = position.epoch;
  so_far.warmup_epochs = std::min(position.epoch, shape.warmup_epochs);
  const double epoch_units = position.epoch < shape.warmup_epochs ? 1 : 2;
  done += work_[position.stage].step *
          (StageUnits(so_far) + epoch_units * steps / std::max(1, position.steps));
  return done / total_;
}

absl::Status ProgressDisplay::OnStageBegin(const SearchPosition& position,
                                           const SuperNet& super_net) {
  line_.Clear();
  std::string line = absl::StrFormat(
      "stage %d/%d: %d cells, %d channels, %s candidates for each edge, %d weights",
      position.stage + 1, position.num_stages, position.shape.cells, position.shape.channels,
      CandidateCounts(super_net.candidates()), CountParameters(super_net));
  if (position.expected_seconds > 0) {
    absl::StrAppend(&line, ", about ", RoughDuration(position.expected_seconds));
  }
  std::fprintf(stderr, "%s\n", line.c_str());
  ShowNotes(position);
  return absl::OkStatus();
}

absl::Status ProgressDisplay::OnResume(const SearchPosition& position, const SuperNet& super_net) {
  time_.set_done_before(Done(position, position.step));
  std::fprintf(stderr, "the search resumes in stage %d/%d after %d of %d epochs and %d steps\n",
               position.stage + 1, position.num_stages, position.epoch, position.shape.epochs,
               position.step);
  ShowNotes(position);
  return absl::OkStatus();
}

void ProgressDisplay::ShowNotes(const SearchPosition& position) const {
  for (const std::string& note : AlphaTrainingNotes(experiment_, position.stage, position.steps)) {
    std::fprintf(stderr, "note: %s\n", note.c_str());
  }
}

absl::Status ProgressDisplay::OnStep(const StepReport& report) {
  line_.Show([&] {
    const LoopPosition& at = report.position;
    const double done = Done(at, at.step + 1);
    return absl::StrFormat(
        "%s %3.0f%% %s left, stage %d/%d epoch %d/%d step %d/%d loss %.3f acc %.1f%% %.0f img/s",
        Bar(done, 6), 100 * done, time_.Left(done), at.stage + 1, at.num_stages, at.epoch + 1,
        at.epochs, at.step + 1, at.steps, report.train.loss, report.train.top1,
        report.images_per_second);
  });
  return absl::OkStatus();
}

absl::Status ProgressDisplay::OnEpochEnd(const EpochReport& report) {
  line_.Clear();
  const LoopPosition& at = report.position;
  std::string line =
      absl::StrFormat("stage %d/%d epoch %d/%d loss %.4f acc %.2f%%", at.stage + 1, at.num_stages,
                      at.epoch + 1, at.epochs, report.train.loss, report.train.top1);
  if (report.alpha_loss) absl::StrAppendFormat(&line, " alpha loss %.4f", *report.alpha_loss);
  if (report.supernet) {
    absl::StrAppendFormat(&line, " super-network %.2f%%", report.supernet->top1);
    if (HasTop5(experiment_.dataset->num_classes())) {
      absl::StrAppendFormat(&line, " (top-5 %.2f%%)", report.supernet->top5);
    }
  }
  absl::StrAppendFormat(&line, " %.0f img/s %s left", report.images_per_second,
                        time_.Left(Done(at, at.steps)));
  ShowSkipped(report);
  std::fprintf(stderr, "%s\n", line.c_str());
  return absl::OkStatus();
}

TrainProgress::TrainProgress(int classes) : top5_(HasTop5(classes)) {}

absl::Status TrainProgress::OnResume(const LoopPosition& position) {
  time_.set_done_before(PartOfTraining(position, position.step));
  return absl::OkStatus();
}

absl::Status TrainProgress::OnStep(const StepReport& report) {
  line_.Show([&] {
    const LoopPosition& at = report.position;
    return absl::StrFormat("%s left, epoch %d/%d step %d/%d loss %.3f acc %.1f%% %.0f img/s",
                           time_.Left(PartOfTraining(at, at.step + 1)), at.epoch + 1, at.epochs,
                           at.step + 1, at.steps, report.train.loss, report.train.top1,
                           report.images_per_second);
  });
  return absl::OkStatus();
}

absl::Status TrainProgress::OnEpochEnd(const TrainEpochReport& report) {
  line_.Clear();
  const LoopPosition& at = report.position;
  ShowSkipped(report);
  std::fprintf(stderr, "%s\n",
               absl::StrFormat("epoch %d/%d loss %.4f acc %.2f%% test %.2f%% (%sloss %.4f)%s %.0f "
                               "img/s %s left",
                               at.epoch + 1, at.epochs, report.train.loss, report.train.top1,
                               report.test.top1,
                               top5_ ? absl::StrFormat("top-5 %.2f%%, ", report.test.top5) : "",
                               report.test.loss, report.is_best ? " best" : "",
                               report.images_per_second, time_.Left(PartOfTraining(at, at.steps)))
                   .c_str());
  return absl::OkStatus();
}

}  // namespace pdarts
