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
#include "pdarts/core/directory.h"
#include "pdarts/report/background_task.h"
#include "pdarts/runs/run.pb.h"
#include "pdarts/trainers/search_trainer.h"

namespace pdarts {

/// Writes report.html into the run directory of a search or a training, and cell_KIND.svg and
/// cell_KIND.pdf of every cell kind, from nothing but the files of the directory, and `result`
/// where a search's result.json isn't written yet. \error as ReadRunFiles or ReadTrainingFiles,
/// DrawCellElement, Directory::Open and WriteFileAtomically.
absl::Status WriteReport(const std::string& run_directory,
                         const std::optional<RunResult>& result = std::nullopt);

/// The same, where the run itself is worth more than its report: an error or an exception is only
/// logged.
void WriteReportOrWarn(const std::string& run_directory,
                       const std::optional<RunResult>& result = std::nullopt);

/// Writes one page with several runs side by side. A run that can't be read stands on the page with
/// the reason.
/// \error kInvalidArgument if no run is named; as ReadRunFiles if no run can be read; as
/// WriteFileAtomically.
absl::Status WriteComparison(const std::vector<std::string>& run_directories,
                             const std::string& file);

/// Writes the report after the end of an epoch and when a search goes on, on a thread of its own,
/// while the search goes on with the next epoch. The time of a report grows with the log. Therefore
/// after a report that took t seconds, the observer begins no other one for 19 t seconds. A report
/// ends before the next stage begins, because a stage begins with measurements of time and memory.
/// If little memory is free, the report is written before the next epoch instead. If another run
/// has taken the path of the run directory meanwhile, the report does not reach the other run. What
/// keeps a report from being written is logged, and stops no search. The observer must hear of an
/// epoch after the log does.
class ReportObserver : public SearchObserver {
 public:
  /// Seconds since some time.
  using Clock = std::function<double()>;

  explicit ReportObserver(std::string run_directory, Clock clock = SteadySeconds)
      : run_directory_(std::move(run_directory)), clock_(std::move(clock)) {}
  absl::Status OnResume(const SearchPosition& position, const SuperNet& net) override;
  absl::Status OnEpochEnd(const EpochReport& report) override;
  absl::Status OnStageEnd(const SearchPosition& position, const SuperNet& net,
                          const Candidates& kept) override;
  /// Waits until no report is being written.
  void Wait() { writing_.Wait(); }
  /// Writes the last report, before the result is written, so that every finished run has it.
  void WriteLast(const RunResult& result);

 private:
  static double SteadySeconds();
  /// Begins to write the report unless one is being written or was written too recently.
  void WriteIfDue();
  /// directory: the run directory, which was opened before.
  void Write(const absl::StatusOr<Directory>& directory, const std::optional<RunResult>& result);

  const std::string run_directory_;
  // Only the task uses these two while it runs.
  const Clock clock_;
  double next_ = std::numeric_limits<double>::lowest();  ///< when the next report may begin
  BackgroundTask writing_;                               ///< last, because its task uses the rest
};

}  // namespace pdarts

#endif  // PDARTS_REPORT_REPORT_H_
