#include "pdarts/runs/training_recorder.h"

#include <string>
#include <utility>

#include "pdarts/core/process.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {

TrainingRecorder::TrainingRecorder(RunDirectory* directory)
    : directory_(directory), clock_(directory->checkpoint()) {}

absl::Status TrainingRecorder::Log(absl::string_view event, TrainEvent details) {
  details.set_event(std::string(event));
  details.set_time(TimeNow());
  details.set_elapsed_s(clock_.Elapsed());
  details.set_peak_memory_mb(static_cast<double>(clock_.PeakBytes()) / 1e6);
  return directory_->Log(details);
}

absl::Status TrainingRecorder::OnEpochEnd(const TrainEpochReport& report) {
  TrainEvent event;
  event.set_epoch(report.position.epoch + 1);
  event.set_epochs(report.position.epochs);
  event.set_train_loss(report.train.loss);
  event.set_train_top1(report.train.top1);
  event.set_train_top5(report.train.top5);
  event.set_test_loss(report.test.loss);
  event.set_test_top1(report.test.top1);
  event.set_test_top5(report.test.top5);
  event.set_learning_rate(report.learning_rate);
  event.set_drop_path(report.drop_path);
  event.set_best(report.is_best);
  event.set_seconds(report.seconds);
  event.set_images_per_second(report.images_per_second);
  PDARTS_RETURN_IF_ERROR(Log("epoch", event));
  PDARTS_RETURN_IF_ERROR(directory_->WriteLastWeights(*report.measured));
  return report.is_best ? directory_->WriteBestWeights(*report.measured) : absl::OkStatus();
}

}  // namespace pdarts
