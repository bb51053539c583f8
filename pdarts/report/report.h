#ifndef PDARTS_REPORT_REPORT_H_
#define PDARTS_REPORT_REPORT_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "pdarts/runs/run.pb.h"
#include "pdarts/trainers/search_trainer.h"

namespace pdarts {

/// Writes report.html into a run directory, and cell_KIND.svg and cell_KIND.pdf of every cell kind,
/// from nothing but the files of the directory, and `result` where result.json isn't written yet.
/// \error as ReadRunFiles, DrawCellElement and WriteFileAtomically.
absl::Status WriteReport(const std::string& run_directory,
                         const std::optional<RunResult>& result = std::nullopt);

/// Writes one page with several runs side by side.
/// \error as WriteReport; kInvalidArgument if no run is named.
absl::Status WriteComparison(const std::vector<std::string>& run_directories,
                             const std::string& file);

/// Writes the report after every epoch, and when a search goes on, since its log was cut back. What
/// keeps it from that is logged, and stops no search. Must hear of an epoch after the log does.
class ReportObserver : public SearchObserver {
 public:
  explicit ReportObserver(std::string run_directory) : run_directory_(std::move(run_directory)) {}
  absl::Status OnResume(const SearchPosition& position, const SuperNet& net) override;
  absl::Status OnEpochEnd(const EpochReport& report) override;
  /// The last report, before the result is written: a finished run has it.
  void WriteLast(const RunResult& result);

 private:
  void Write(const std::optional<RunResult>& result);

  const std::string run_directory_;
};

}  // namespace pdarts

#endif  // PDARTS_REPORT_REPORT_H_
