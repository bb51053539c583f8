#ifndef PDARTS_REPORT_PAGE_H_
#define PDARTS_REPORT_PAGE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/report/charts.h"
#include "pdarts/report/html.h"
#include "pdarts/report/run_files.h"

namespace pdarts {

/// The operations of all runs in the order of their topologies: what numbers their colours.
std::vector<std::string> OperationsOf(const std::vector<RunFiles>& runs);

/// "quickstart, seed 1"
std::string RunTitle(const RunFiles& run);

/// The run's cells as drawings. `id` is unique in the page.
/// \error as DrawCellElement.
absl::StatusOr<Html> CellFigures(const RunFiles& run, const std::vector<std::string>& operations,
                                 absl::string_view id);

/// A whole page around `body`, with the script and styles that it needs: nothing is fetched.
Html WholePage(absl::string_view title, const Html& body, const Charts& charts);

/// The page of one run. \error as DrawCellElement.
absl::StatusOr<Html> RunPage(const RunFiles& run);

/// A run that can't stand beside others, and why.
struct UnreadableRun {
  std::string path;
  absl::Status reason;
};

/// A page with several runs, at least one, side by side.
Html ComparisonPage(const std::vector<RunFiles>& runs,
                    const std::vector<UnreadableRun>& unreadable);

}  // namespace pdarts

#endif  // PDARTS_REPORT_PAGE_H_
