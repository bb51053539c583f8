#ifndef PDARTS_REPORT_REPORT_H_
#define PDARTS_REPORT_REPORT_H_

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "pdarts/runs/run.pb.h"
#include "pdarts/trainers/search_trainer.h"

namespace pdarts {

/// Writes report.html into the run directory of a search or a training, and cell_KIND.svg and
/// cell_KIND.pdf of every cell kind, from nothing but the files of the directory, and `result`
/// where a search's result.json isn't written yet. \error as ReadRunFiles or ReadTrainingFiles,
/// DrawCellElement and WriteFileAtomically.
absl::Status WriteReport(const std::string& run_directory,
                         const std::optional<RunResult>& result = std::nullopt);

/// The same, where the run itself is worth more than its report: an error is only logged.
void WriteReportOrWarn(const std::string& run_directory,
                       const std::optional<RunResult>& result = std::nullopt);

/// Writes one page with several runs side by side. A run that can't be read stands on the page with
/// the reason.
/// \error kInvalidArgument if no run is named; as ReadRunFiles if no run can be read; as
/// WriteFileAtomically.
absl::Status WriteComparison(const std::vector<std::string>& run_directories,
                             const std::string& file);

/// Writes the report when an epoch ends and when a search goes on, but for so few epochs that
/// writing takes at most a twentieth of the time: what a report costs grows with the log. What
/// keeps it from being written is logged, and stops no search. Must hear of an epoch after the log
/// does.
class ReportObserver : public SearchObserver {
 public:
  /// Seconds since some time.
  using Clock = std::function<double()>;

  explicit ReportObserver(std::string run_directory, Clock clock = SteadySeconds)
      : run_directory_(std::move(run_directory)), clock_(std::move(clock)) {}
  absl::Status OnResume(const SearchPosition& position, const SuperNet& net) override;
  absl::Status OnEpochEnd(const EpochReport& report) override;
  /// The last report, before the result is written: a finished run has it.
  void WriteLast(const RunResult& result);

 private:
  static double SteadySeconds();
  /// Writes the report unless the last one was written too recently.
  void WriteIfDue();
  void Write(const std::optional<RunResult>& result);

  const std::string run_directory_;
  const Clock clock_;
  double next_ = std::numeric_limits<double>::lowest();  ///< when the next report may be written
};

}  // namespace pdarts

#endif  // PDARTS_REPORT_REPORT_H_
