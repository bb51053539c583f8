#include "pdarts/report/training_files.h"

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/message.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/training.h"
#include "pdarts/report/log_lines.h"
#include "pdarts/report/pictures.h"
#include "pdarts/runs/any_spec.h"
#include "pdarts/runs/run_directory.h"

namespace pdarts {
namespace {

absl::Status TakeClasses(const TrainEvent& begin, TrainingFiles* run) {
  if (begin.class_images_size() != begin.class_names_size()) {
    return absl::DataLossError(absl::StrCat("class_images: there are ", begin.class_images_size(),
                                            ", expected one for each of the ",
                                            begin.class_names_size(), " class_names"));
  }
  run->class_names.assign(begin.class_names().begin(), begin.class_names().end());
  run->class_images.assign(begin.class_images().begin(), begin.class_images().end());
  return absl::OkStatus();
}

/// \error kDataLoss unless the epoch belongs to the spec, comes after the last one, and has the
/// classes of the log's beginning.
absl::Status CheckEpoch(const TrainEvent& event, const TrainingFiles& run) {
  const int last = run.epochs.empty() ? 0 : run.epochs.back().epoch();
  const int epochs = run.spec.train().epochs();
  if (event.epoch() <= last || event.epoch() > epochs) {
    return absl::DataLossError(
        absl::StrCat("epoch ", event.epoch(), " stands after epoch ", last, " of ", epochs));
  }
  if (event.class_right_size() == 0) return absl::OkStatus();
  bool fits = event.class_right_size() == static_cast<int>(run.class_images.size());
  for (int c = 0; fits && c < event.class_right_size(); ++c) {
    fits = event.class_right(c) >= 0 && event.class_right(c) <= run.class_images[c];
  }
  if (fits) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("class_right: it does not fit the ",
                                          run.class_images.size(),
                                          " numbers of images that the log's beginning names"));
}

absl::Status TakeLine(const TrainEvent& event, TrainingFiles* run) {
  if (event.event() == "run_begin") return TakeClasses(event, run);
  if (event.event() != "epoch") return absl::OkStatus();
  PDARTS_RETURN_IF_ERROR(CheckEpoch(event, *run));
  run->epochs.push_back(event);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TrainingFiles> ReadTrainingFiles(const std::string& path) {
  TrainingFiles run;
  run.path = path;
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<google::protobuf::Message> spec,
                          ReadAnyRunSpec(path));
  if (!IsTraining(*spec)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is a search, not a training"));
  }
  run.spec = static_cast<const TrainSpec&>(*spec);
  absl::StatusOr<Training> training = MakeTraining(run.spec);
  if (!training.ok()) return Annotate(training.status(), path);
  run.topology = training->space->topology();
  run.classes = training->dataset->num_classes();
  PDARTS_ASSIGN_OR_RETURN(*run.architecture.mutable_text(),
                          training->space->Format(training->architecture));
  *run.architecture.mutable_architecture() = std::move(training->architecture);
  PDARTS_RETURN_IF_ERROR(ForEachLogLine<TrainEvent>(
      path, [&](const TrainEvent& event) { return TakeLine(event, &run); }));
  absl::StatusOr<TrainResult> result = ReadTrainResult(path);
  if (result.ok()) {
    run.result = std::move(*result);
  } else if (!absl::IsNotFound(result.status())) {
    return result.status();
  }
  PDARTS_ASSIGN_OR_RETURN(run.samples, FindSamples(path));
  PDARTS_ASSIGN_OR_RETURN(run.mistakes, FindMistakes(path, run.class_names.size()));
  return run;
}

}  // namespace pdarts
