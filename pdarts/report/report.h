#ifndef PDARTS_REPORT_REPORT_H_
#define PDARTS_REPORT_REPORT_H_

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pdarts/base/directory.h"
#include "pdarts/report/background_task.h"
#include "pdarts/runs/run.pb.h"
#include "pdarts/trainers/search_trainer.h"

namespace pdarts {

/// Writes report.html into the run directory of a search or a training, and cell_KIND.svg and
/// cell_KIND.pdf for every cell kind. It reads only the files of the directory, and uses `result`
/// if result.json of a search is not written yet.
/// \error as ReadRunFiles or ReadTrainingFiles, DrawCellElement, Directory::Open and
/// WriteFileAtomically.
absl::Status WriteReport(const std::string& run_directory,
                         const std::optional<RunResult>& result = std::nullopt);

/// As WriteReport, but an error or an exception is only logged, because the run is more important
/// than its report.
void WriteReportOrWarn(const std::string& run_directory,
                       const std::optional<RunResult>& result = std::nullopt);

/// Writes one page that compares several runs. For a run that cannot be read, the page shows the
/// reason.
/// \error kInvalidArgument if no run is named; as ReadRunFiles if no run can be read; as
/// WriteFileAtomically.
absl::Status WriteComparison(const std::vector<std::string>& run_directories,
                             const std::string& file);

/// Writes the report at the end of an epoch and when a search is resumed. The report is written on
/// a thread of its own, while the search continues with the next epoch. The time of a report grows
/// with the log. Therefore, after a report that took t seconds, the observer begins no other report
/// for 19 t seconds.
///
/// A report ends before the next stage begins, because a stage begins with measurements of time and
/// memory. If there is little free memory, the report is written before the next epoch instead. If
/// another run has taken the path of the run directory in the meantime, the report is not written
/// into the other run. Errors of a report are logged, and do not stop a search. The log must get
/// the event of an epoch before this observer.
class ReportObserver : public SearchObserver {
 public:
  /// Seconds since any fixed time.
  using Clock = std::function<double()>;

  explicit ReportObserver(std::string run_directory, Clock clock = SteadySeconds)
      : run_directory_(std::move(run_directory)), clock_(std::move(clock)) {}
  absl::Status OnResume(const SearchPosition& position, const SuperNet& super_net) override;
  absl::Status OnEpochEnd(const EpochReport& report) override;
  absl::Status OnStageEnd(const SearchPosition& position, const SuperNet& super_net,
                          const Candidates& kept) override;
  /// Waits until no report is being written.
  void Wait() { writing_.Wait(); }
  /// Writes the last report, before the result is written, so that every finished run has a report.
  void WriteLast(const RunResult& result);

 private:
  static double SteadySeconds();
  /// Begins to write a report, unless one is being written or was written too recently.
  void WriteIfDue();
  /// directory: the run directory, which was opened earlier.
  void Write(const absl::StatusOr<Directory>& directory, const std::optional<RunResult>& result);

  const std::string run_directory_;
  // Only the task uses these two while it runs.
  const Clock clock_;
  double next_ = std::numeric_limits<double>::lowest();  ///< the earliest time of the next report
  BackgroundTask writing_;                               ///< last, because its task uses the rest
};

}  // namespace pdarts

#endif  // PDARTS_REPORT_REPORT_H_
