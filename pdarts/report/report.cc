#include "pdarts/report/report.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/report/cell_drawing.h"
#include "pdarts/report/page.h"
#include "pdarts/report/run_files.h"
#include "pdarts/runs/atomic_file.h"

namespace pdarts {

absl::Status WriteReport(const std::string& run_directory) {
  PDARTS_ASSIGN_OR_RETURN(const RunFiles run, ReadRunFiles(run_directory));
  const std::filesystem::path directory(run_directory);
  if (run.found) {
    for (const CellArchitecture& cell : run.found->architecture().cells()) {
      PDARTS_ASSIGN_OR_RETURN(const CellDrawing drawing, DrawCell(cell, {OperationsOf({run})}));
      const std::string stem = (directory / absl::StrCat("cell_", cell.kind())).string();
      PDARTS_RETURN_IF_ERROR(WriteFileAtomically(stem + ".svg", drawing.svg_file));
      PDARTS_RETURN_IF_ERROR(WriteFileAtomically(stem + ".pdf", drawing.pdf_file));
    }
  }
  PDARTS_ASSIGN_OR_RETURN(const std::string page, RunPage(run));
  return WriteFileAtomically((directory / "report.html").string(), page);
}

absl::Status WriteComparison(const std::vector<std::string>& run_directories,
                             const std::string& file) {
  if (run_directories.empty()) return absl::InvalidArgumentError("no run directory is named");
  std::vector<RunFiles> runs;
  for (const std::string& directory : run_directories) {
    PDARTS_ASSIGN_OR_RETURN(runs.emplace_back(), ReadRunFiles(directory));
  }
  PDARTS_ASSIGN_OR_RETURN(const std::string page, ComparisonPage(runs));
  return WriteFileAtomically(file, page);
}

absl::Status ReportObserver::OnEpochEnd(const EpochReport& report) {
  const absl::Status status = WriteReport(run_directory_);
  if (!status.ok()) LOG(WARNING) << "the report was not written: " << status.message();
  return absl::OkStatus();
}

}  // namespace pdarts
