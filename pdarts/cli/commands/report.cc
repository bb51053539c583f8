#include "pdarts/report/report.h"

#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/core/status_macros.h"

ABSL_FLAG(std::string, output, "", "file to write");

namespace pdarts {
namespace {

absl::Status WriteReports(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return absl::InvalidArgumentError("report needs at least one run's DIR");
  std::vector<std::string> directories;
  for (const std::string& argument : arguments) directories.push_back(UserPath(argument));
  const std::string output = absl::GetFlag(FLAGS_output);
  if (!output.empty()) {
    PDARTS_RETURN_IF_ERROR(WriteComparison(directories, UserPath(output)));
    std::cout << UserPath(output) << "\n";
    return absl::OkStatus();
  }
  for (const std::string& directory : directories) {
    PDARTS_RETURN_IF_ERROR(WriteReport(directory));
    std::cout << directory << "/report.html\n";
  }
  return absl::OkStatus();
}

}  // namespace

Command ReportCommand() {
  return {"report",
          "DIR...",
          "write each run's report.html again, or with --output=FILE one page of several runs",
          {"output"},
          &WriteReports,
          /*takes_arguments=*/true};
}

}  // namespace pdarts
