#ifndef PDARTS_REPORT_PAGE_H_
#define PDARTS_REPORT_PAGE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/report/run_files.h"

namespace pdarts {

/// Text that stands for itself in HTML, within elements and quoted attributes.
std::string EscapeHtml(absl::string_view text);

/// The operations of all runs in the order of their topologies: what numbers their colours.
std::vector<std::string> OperationsOf(const std::vector<RunFiles>& runs);

/// The page of one run, without any reference to another file.
/// \error as DrawCell.
absl::StatusOr<std::string> RunPage(const RunFiles& run);

/// A page with several runs side by side.
/// \error as DrawCell.
absl::StatusOr<std::string> ComparisonPage(const std::vector<RunFiles>& runs);

}  // namespace pdarts

#endif  // PDARTS_REPORT_PAGE_H_
