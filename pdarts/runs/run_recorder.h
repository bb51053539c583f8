#ifndef PDARTS_RUNS_RUN_RECORDER_H_
#define PDARTS_RUNS_RUN_RECORDER_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/process.h"
#include "pdarts/runs/costs.h"
#include "pdarts/runs/run_clock.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/trainers/training_loop.h"

namespace pdarts {

/// Writes lines of a run's log: what is the same for searches (Event = LogEvent) and trainings
/// (TrainEvent).
template <class Event>
class RunRecorder {
 public:
  /// Writes a line with the time and the memory. \error as RunDirectory::Log.
  absl::Status Log(absl::string_view name, Event details = {}) {
    details.set_event(std::string(name));
    details.set_time(TimeNow());
    SetCosts(clock_.Costs(), &details);
    return directory_->Log(details);
  }

  const RunClock& clock() const { return clock_; }

 protected:
  /// directory: must outlive the recorder.
  explicit RunRecorder(RunDirectory* directory)
      : directory_(directory), clock_(directory->checkpoint()) {}

  /// What every epoch reports but its losses and accuracies.
  static Event MakeEpochEvent(const LoopEpochReport& report) {
    Event event;
    event.set_epoch(report.position.epoch + 1);
    event.set_epochs(report.position.epochs);
    event.set_learning_rate(report.learning_rate);
    event.set_seconds(report.seconds);
    event.set_images_per_second(report.images_per_second);
    if (report.skipped_images > 0) {
      event.set_skipped_images(static_cast<double>(report.skipped_images));
    }
    return event;
  }

  RunDirectory* const directory_;

 private:
  const RunClock clock_;
};

}  // namespace pdarts

#endif  // PDARTS_RUNS_RUN_RECORDER_H_
