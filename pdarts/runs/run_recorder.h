#ifndef PDARTS_RUNS_RUN_RECORDER_H_
#define PDARTS_RUNS_RUN_RECORDER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "glog/logging.h"
#include "pdarts/base/process.h"
#include "pdarts/base/terminal_text.h"
#include "pdarts/core/communicator.h"
#include "pdarts/core/dataset.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/runs/costs.h"
#include "pdarts/runs/run_clock.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/run_images.h"
#include "pdarts/trainers/training_loop.h"

namespace pdarts {

/// Writes lines of a run's log. This class holds what is common to searches (Event = LogEvent) and
/// trainings (TrainEvent).
template <class Event>
class RunRecorder {
 public:
  /// Writes a line with the time and the memory of the run. \error as RunDirectory::Log.
  absl::Status Log(absl::string_view name, Event details = {}) {
    details.set_event(std::string(name));
    details.set_time(TimeNow());
    SetCosts(clock_.Costs(), &details);
    if (processes_ > 1) details.set_processes(processes_);
    return directory_->Log(details);
  }

  /// Writes samples.json. `first` is the result of FirstImages for kSampleImages. If the file
  /// cannot be written, the reason is logged, and the run continues.
  void WriteSamples(const absl::StatusOr<BatchPixels>& first, const DatasetSplits& data) {
    WarnUnlessOk("training images", first.ok() ? directory_->WriteSamples(DescribeSamples(
                                                     *first, *data.train, data.info.class_names))
                                               : first.status());
  }

  const RunClock& clock() const { return clock_; }

  /// Sets the number of processes that compute the run together. Call it before the first line.
  void SetProcesses(int processes) { processes_ = processes; }
  /// Sets what these processes reported at the end of an epoch. `peak_bytes` is the maximum memory
  /// of each process so far, by rank. `counts` are the counts of this process since it began.
  void SetProcessReports(const std::vector<int64_t>& peak_bytes, const CommunicatorCounts& counts) {
    if (processes_ > 1) clock_.SetProcessPeaks(peak_bytes);
    counts_ = counts;
  }

 protected:
  /// `directory` must outlive the recorder.
  explicit RunRecorder(RunDirectory* directory)
      : directory_(directory), clock_(directory->checkpoint()) {}

  /// The fields of an epoch, without its losses and accuracies.
  Event MakeEpochEvent(const LoopEpochReport& report) {
    Event event;
    event.set_epoch(report.position.epoch + 1);
    event.set_epochs(report.position.epochs);
    event.set_learning_rate(report.learning_rate);
    event.set_seconds(report.seconds);
    event.set_images_per_second(report.images_per_second);
    if (report.skipped_images > 0) {
      event.set_skipped_images(static_cast<double>(report.skipped_images));
    }
    if (processes_ > 1) {
      event.set_all_reduces(static_cast<double>(counts_.all_reduces - counts_before_.all_reduces));
      event.set_all_reduce_mb(Megabytes(counts_.bytes - counts_before_.bytes));
      counts_before_ = counts_;
    }
    return event;
  }

  /// Logs an error of a file that only the report uses. `of` names the part that the report will
  /// not show.
  static void WarnUnlessOk(absl::string_view of, const absl::Status& status) {
    if (status.ok()) return;
    LOG(WARNING) << "the report will not show pictures of " << of << ": "
                 << TerminalSafe(status.message());
  }

  RunDirectory* const directory_;

 private:
  RunClock clock_;
  int processes_ = 1;
  CommunicatorCounts counts_;         ///< at the end of the last epoch
  CommunicatorCounts counts_before_;  ///< at the end of the last epoch that was logged
};

}  // namespace pdarts

#endif  // PDARTS_RUNS_RUN_RECORDER_H_
