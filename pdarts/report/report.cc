#include "pdarts/report/report.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/core/terminal_text.h"
#include "pdarts/report/cell_drawing.h"
#include "pdarts/report/page.h"
#include "pdarts/report/run_files.h"
#include "pdarts/runs/atomic_file.h"

namespace pdarts {
namespace {

/// The time between two reports is at least so many times what the first took.
constexpr double kPause = 19;

/// The names of a cell's drawings without their endings. \error kInvalidArgument if the kind can't
/// be a part of a file's name.
absl::StatusOr<std::string> DrawingName(const std::string& kind) {
  const bool plain = !kind.empty() && std::all_of(kind.begin(), kind.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
  });
  if (plain) return absl::StrCat("cell_", kind);
  return absl::InvalidArgumentError(
      absl::StrCat("the cell kind \"", kind, "\" names a file; expected letters, digits, _ and -"));
}

}  // namespace

absl::Status WriteReport(const std::string& run_directory, const std::optional<RunResult>& result) {
  PDARTS_ASSIGN_OR_RETURN(RunFiles run, ReadRunFiles(run_directory));
  if (result) run.result = result;
  const std::filesystem::path directory(run_directory);
  if (run.found) {
    for (const CellArchitecture& cell : run.found->architecture().cells()) {
      DrawingOptions options;
      options.operations = OperationsOf({run});
      PDARTS_ASSIGN_OR_RETURN(const CellFiles files, DrawCellFiles(cell, options));
      PDARTS_ASSIGN_OR_RETURN(const std::string name, DrawingName(cell.kind()));
      const std::string stem = (directory / name).string();
      PDARTS_RETURN_IF_ERROR(WriteFileAtomically(stem + ".svg", files.svg));
      PDARTS_RETURN_IF_ERROR(WriteFileAtomically(stem + ".pdf", files.pdf));
    }
  }
  PDARTS_ASSIGN_OR_RETURN(const Html page, RunPage(run));
  return WriteFileAtomically((directory / "report.html").string(), page.bytes());
}

absl::Status WriteComparison(const std::vector<std::string>& run_directories,
                             const std::string& file) {
  if (run_directories.empty()) return absl::InvalidArgumentError("no run directory is named");
  std::vector<RunFiles> runs;
  std::vector<UnreadableRun> unreadable;
  for (const std::string& directory : run_directories) {
    absl::StatusOr<RunFiles> run = ReadRunFiles(directory);
    if (run.ok()) {
      runs.push_back(std::move(*run));
    } else {
      unreadable.push_back({directory, run.status()});
    }
  }
  if (runs.empty()) return unreadable.front().reason;
  return WriteFileAtomically(file, ComparisonPage(runs, unreadable).bytes());
}

absl::Status ReportObserver::OnResume(const SearchPosition& position, const SuperNet& net) {
  WriteIfDue();
  return absl::OkStatus();
}

absl::Status ReportObserver::OnEpochEnd(const EpochReport& report) {
  WriteIfDue();
  return absl::OkStatus();
}

void ReportObserver::WriteLast(const RunResult& result) { Write(result); }

double ReportObserver::SteadySeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void ReportObserver::WriteIfDue() {
  if (clock_() >= next_) Write(std::nullopt);
}

void ReportObserver::Write(const std::optional<RunResult>& result) {
  const double begin = clock_();
  const absl::Status status = WriteReport(run_directory_, result);
  const double end = clock_();
  next_ = end + kPause * (end - begin);
  if (!status.ok()) {
    LOG(WARNING) << "the report was not written: " << TerminalSafe(status.message());
  }
  VLOG(1) << "report written in " << end - begin << " s";
}

}  // namespace pdarts
