#include "pdarts/runs/training_recorder.h"

#include <utility>

#include "pdarts/base/status_macros.h"
#include "pdarts/runs/run_images.h"
#include "pdarts/trainers/evaluation.h"

namespace pdarts {

TrainEvent DescribeBegin(const std::string& architecture, int64_t parameters,
                         const DatasetSplits& data) {
  TrainEvent event;
  event.set_architecture(architecture);
  event.set_parameters(static_cast<double>(parameters));
  for (const std::string& name : data.info.class_names) event.add_class_names(name);
  for (const int64_t images : CountCorrect(data.test->labels(), data.test->labels(),
                                           static_cast<int>(data.info.class_names.size()))) {
    event.add_class_images(static_cast<int>(images));
  }
  return event;
}

absl::Status TrainingRecorder::OnEpochEnd(const TrainEpochReport& report) {
  TrainEvent event = MakeEpochEvent(report);
  event.set_train_loss(report.train.loss);
  event.set_train_top1(report.train.top1);
  event.set_train_top5(report.train.top5);
  event.set_test_loss(report.test.loss);
  event.set_test_top1(report.test.top1);
  event.set_test_top5(report.test.top5);
  for (const int64_t correct : report.class_right) event.add_class_right(static_cast<int>(correct));
  event.set_drop_path(report.drop_path);
  event.set_best(report.is_best);
  PDARTS_RETURN_IF_ERROR(Log("epoch", std::move(event)));
  PDARTS_RETURN_IF_ERROR(directory_->WriteLastWeights(*report.measured));
  if (report.is_best) {
    PDARTS_RETURN_IF_ERROR(directory_->WriteBestWeights(*report.measured));
  }
  WarnUnlessOk("mistakes", directory_->WriteMistakes(
                               DescribeMistakes(report.position.epoch + 1, *report.evaluation,
                                                *data_->test, data_->info.class_names)));
  return absl::OkStatus();
}

}  // namespace pdarts
