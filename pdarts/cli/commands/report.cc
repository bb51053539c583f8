#include "pdarts/report/report.h"

#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/commands/run_folders.h"
#include "pdarts/cli/flags.h"

namespace pdarts {
namespace {

absl::Status WriteReports(const std::vector<std::string>& arguments) {
  PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> runs, RunFolders("report", arguments));
  RunsLeftOut left_out(runs.size());
  for (const std::string& run : runs) {
    const absl::Status status = WriteReport(run);
    if (status.ok()) {
      std::cout << run << "/report.html\n";
    } else {
      left_out.Add(run, status);
    }
  }
  std::string output = absl::GetFlag(FLAGS_output);
  if (output.empty() && runs.size() > 1) output = "comparison.html";
  if (!output.empty() && !left_out.are_all()) {
    PDARTS_RETURN_IF_ERROR(WriteComparison(runs, UserPath(output)));
    std::cout << UserPath(output) << "\n";
  }
  return left_out.status();
}

}  // namespace

Command ReportCommand() {
  return {"report",
          "DIR...",
          "write each run's report.html again, and a page of several side by side; DIR is a run or "
          "holds runs",
          {"output"},
          &WriteReports,
          /*takes_arguments=*/true,
          {{"runs", "all runs below runs/, and a page that compares them"},
           {"--output=both.html runs/quickstart-seed1 runs/quickstart-seed2", "two runs"}},
          {{"output",
            "FILE: the page of several runs side by side (default: comparison.html where there are "
            "several)"}}};
}

}  // namespace pdarts
