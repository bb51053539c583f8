#include "pdarts/report/report.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/base/atomic_file.h"
#include "pdarts/base/directory.h"
#include "pdarts/base/memory_limits.h"
#include "pdarts/base/process.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/terminal_text.h"
#include "pdarts/core/libtorch_errors.h"
#include "pdarts/report/cell_drawing.h"
#include "pdarts/report/page.h"
#include "pdarts/report/run_files.h"
#include "pdarts/report/training_files.h"
#include "pdarts/runs/any_spec.h"

namespace pdarts {
namespace {

/// The time between two reports is at least this number times the duration of the first one.
constexpr double kPause = 19;

/// A report is written during the search only if there is this much free memory that the search
/// does not need. A thread needs up to 72 MB of address space, and a report up to 128 MB
/// (CheckRoomForDrawing).
constexpr int64_t kRoomBesideSearch = 256 * 1000 * 1000;

constexpr char kPage[] = "report.html";

/// The names of a cell's drawings without their file extensions. \error kInvalidArgument if the
/// kind cannot be a part of a file name.
absl::StatusOr<std::string> DrawingName(const std::string& kind) {
  const bool plain = !kind.empty() && std::all_of(kind.begin(), kind.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
  });
  if (plain) return absl::StrCat("cell_", kind);
  return absl::InvalidArgumentError(
      absl::StrCat("the cell kind \"", kind, "\" names a file; expected letters, digits, _ and -"));
}

/// Draws each cell of an architecture into files of a run directory.
absl::Status WriteDrawings(const Directory& directory, const Architecture& architecture,
                           const std::vector<std::string>& operations) {
  for (const CellArchitecture& cell : architecture.cells()) {
    DrawingOptions options;
    options.operations = operations;
    PDARTS_ASSIGN_OR_RETURN(const CellFiles files, DrawCellFiles(cell, options));
    PDARTS_ASSIGN_OR_RETURN(const std::string name, DrawingName(cell.kind()));
    PDARTS_RETURN_IF_ERROR(WriteFileAtomically(directory, name + ".svg", files.svg));
    PDARTS_RETURN_IF_ERROR(WriteFileAtomically(directory, name + ".pdf", files.pdf));
  }
  return absl::OkStatus();
}

/// Whether the run is a training. A run whose spec cannot be read counts as a search.
bool HoldsTraining(const std::string& run_directory) {
  const auto spec = ReadAnyRunSpec(run_directory);
  return spec.ok() && IsTraining(**spec);
}

/// Checks that there is room for a drawing. Drawing starts threads, and the program ends if there
/// is no address space for their stacks. Training keeps the memory that it frees, and so it keeps
/// address space, which `ulimit -v` limits.
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

/// Whether a report may be written during the search. The search may again need as much memory as
/// its peak.
bool HasRoomBesideSearch() {
  const std::optional<MemoryLimit> limit = TightestMemoryLimit();
  if (!limit) return true;
  return limit->available_bytes - (PeakResidentBytes() - ResidentBytes()) >= kRoomBesideSearch;
}

/// Writes the report of the run at `path` into its directory, which is `directory`.
absl::Status WriteInto(const absl::StatusOr<Directory>& directory, const std::string& path,
                       const std::optional<RunResult>& result) {
  PDARTS_RETURN_IF_ERROR(CheckRoomForDrawing());
  if (HoldsTraining(path)) {
    PDARTS_ASSIGN_OR_RETURN(const TrainingFiles run, ReadTrainingFiles(path));
    PDARTS_RETURN_IF_ERROR(directory.status());
    PDARTS_RETURN_IF_ERROR(
        WriteDrawings(*directory, run.architecture.architecture(), OperationsOf(run.topology)));
    PDARTS_ASSIGN_OR_RETURN(const Html html, TrainingPage(run));
    return WriteFileAtomically(*directory, kPage, html.bytes());
  }
  PDARTS_ASSIGN_OR_RETURN(RunFiles run, ReadRunFiles(path));
  PDARTS_RETURN_IF_ERROR(directory.status());
  if (result) run.result = result;
  if (run.found) {
    PDARTS_RETURN_IF_ERROR(
        WriteDrawings(*directory, run.found->architecture(), OperationsOf({run})));
  }
  PDARTS_ASSIGN_OR_RETURN(const Html html, RunPage(run));
  return WriteFileAtomically(*directory, kPage, html.bytes());
}

/// As WriteInto, but an error or an exception is only logged.
void WriteIntoOrWarn(const absl::StatusOr<Directory>& directory, const std::string& path,
                     const std::optional<RunResult>& result) {
  const absl::Status status =
      CatchLibTorchErrors([&] { return WriteInto(directory, path, result); });
  if (!status.ok()) {
    LOG(WARNING) << "the report was not written: " << TerminalSafe(status.message());
  }
}

}  // namespace

absl::Status WriteReport(const std::string& run_directory, const std::optional<RunResult>& result) {
  return WriteInto(Directory::Open(run_directory), run_directory, result);
}

void WriteReportOrWarn(const std::string& run_directory, const std::optional<RunResult>& result) {
  WriteIntoOrWarn(Directory::Open(run_directory), run_directory, result);
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

absl::Status ReportObserver::OnResume(const SearchPosition& position, const SuperNet& super_net) {
  WriteIfDue();
  return absl::OkStatus();
}

absl::Status ReportObserver::OnEpochEnd(const EpochReport& report) {
  WriteIfDue();
  return absl::OkStatus();
}

absl::Status ReportObserver::OnStageEnd(const SearchPosition& position, const SuperNet& super_net,
                                        const Candidates& kept) {
  Wait();
  return absl::OkStatus();
}

void ReportObserver::WriteLast(const RunResult& result) {
  Wait();
  Write(Directory::Open(run_directory_), result);
}

double ReportObserver::SteadySeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void ReportObserver::WriteIfDue() {
  if (writing_.IsRunning() || clock_() < next_) return;
  const auto directory =
      std::make_shared<const absl::StatusOr<Directory>>(Directory::Open(run_directory_));
  if (HasRoomBesideSearch()) {
    writing_.Start([this, directory] { Write(*directory, std::nullopt); });
  } else {
    Write(*directory, std::nullopt);
  }
}

void ReportObserver::Write(const absl::StatusOr<Directory>& directory,
                           const std::optional<RunResult>& result) {
  const double begin = clock_();
  WriteIntoOrWarn(directory, run_directory_, result);
  const double end = clock_();
  next_ = end + kPause * (end - begin);
  VLOG(1) << "report written in " << end - begin << " s";
}

}  // namespace pdarts
