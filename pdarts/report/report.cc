#include "pdarts/report/report.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/core/process.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/core/terminal_text.h"
#include "pdarts/report/cell_drawing.h"
#include "pdarts/report/page.h"
#include "pdarts/report/run_files.h"
#include "pdarts/report/training_files.h"
#include "pdarts/runs/any_spec.h"
#include "pdarts/runs/atomic_file.h"

namespace pdarts {
namespace {

/// The time between two reports is at least so many times what the first took.
constexpr double kPause = 19;

constexpr char kPage[] = "report.html";

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

/// Draws each cell of an architecture into files of a run directory.
absl::Status WriteDrawings(const std::string& run_directory, const Architecture& architecture,
                           const std::vector<std::string>& operations) {
  for (const CellArchitecture& cell : architecture.cells()) {
    DrawingOptions options;
    options.operations = operations;
    PDARTS_ASSIGN_OR_RETURN(const CellFiles files, DrawCellFiles(cell, options));
    PDARTS_ASSIGN_OR_RETURN(const std::string name, DrawingName(cell.kind()));
    const std::string stem = (std::filesystem::path(run_directory) / name).string();
    PDARTS_RETURN_IF_ERROR(WriteFileAtomically(stem + ".svg", files.svg));
    PDARTS_RETURN_IF_ERROR(WriteFileAtomically(stem + ".pdf", files.pdf));
  }
  return absl::OkStatus();
}

/// Whether the run is a training; a run whose spec can't be read counts as a search.
bool HoldsTraining(const std::string& run_directory) {
  const auto spec = ReadAnyRunSpec(run_directory);
  return spec.ok() && IsTraining(**spec);
}

/// Drawing starts threads, and ends the program where there is no address space for their stacks.
/// Training keeps the memory that it frees, and with it address space, which `ulimit -v` limits.
absl::Status CheckRoomForDrawing() {
  constexpr int64_t kMegabyte = 1000000, kNeeded = 128 * kMegabyte;
  rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return absl::OkStatus();
  ReturnFreedMemory();
  const int64_t left = static_cast<int64_t>(limit.rlim_cur) -
                       KilobyteLine("/proc/self/status", "VmSize").value_or(0);
  if (left >= kNeeded) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("drawing a cell needs ", kNeeded / kMegabyte,
                                                   " MB of address space, ", left / kMegabyte,
                                                   " MB are free (ulimit -v)"));
}

}  // namespace

absl::Status WriteReport(const std::string& run_directory, const std::optional<RunResult>& result) {
  PDARTS_RETURN_IF_ERROR(CheckRoomForDrawing());
  const std::string page = (std::filesystem::path(run_directory) / kPage).string();
  if (HoldsTraining(run_directory)) {
    PDARTS_ASSIGN_OR_RETURN(const TrainingFiles run, ReadTrainingFiles(run_directory));
    PDARTS_RETURN_IF_ERROR(
        WriteDrawings(run_directory, run.architecture.architecture(), OperationsOf(run.topology)));
    PDARTS_ASSIGN_OR_RETURN(const Html html, TrainingPage(run));
    return WriteFileAtomically(page, html.bytes());
  }
  PDARTS_ASSIGN_OR_RETURN(RunFiles run, ReadRunFiles(run_directory));
  if (result) run.result = result;
  if (run.found) {
    PDARTS_RETURN_IF_ERROR(
        WriteDrawings(run_directory, run.found->architecture(), OperationsOf({run})));
  }
  PDARTS_ASSIGN_OR_RETURN(const Html html, RunPage(run));
  return WriteFileAtomically(page, html.bytes());
}

void WriteReportOrWarn(const std::string& run_directory, const std::optional<RunResult>& result) {
  const absl::Status status = WriteReport(run_directory, result);
  if (!status.ok()) {
    LOG(WARNING) << "the report was not written: " << TerminalSafe(status.message());
  }
}

absl::Status WriteComparison(const std::vector<std::string>& run_directories,
                             const std::string& file) {
  if (run_directories.empty()) return absl::InvalidArgumentError("no run directory is named");
  std::vector<RunFiles> searches;
  std::vector<TrainingFiles> trainings;
  std::vector<UnreadableRun> unreadable;
  const auto take = [&](const std::string& directory, auto run, auto* runs) {
    if (run.ok()) {
      runs->push_back(*std::move(run));
    } else {
      unreadable.push_back({directory, run.status()});
    }
  };
  for (const std::string& directory : run_directories) {
    if (HoldsTraining(directory)) {
      take(directory, ReadTrainingFiles(directory), &trainings);
    } else {
      take(directory, ReadRunFiles(directory), &searches);
    }
  }
  if (searches.empty() && trainings.empty()) return unreadable.front().reason;
  return WriteFileAtomically(file, ComparisonPage(searches, trainings, unreadable).bytes());
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
  WriteReportOrWarn(run_directory_, result);
  const double end = clock_();
  next_ = end + kPause * (end - begin);
  VLOG(1) << "report written in " << end - begin << " s";
}

}  // namespace pdarts
