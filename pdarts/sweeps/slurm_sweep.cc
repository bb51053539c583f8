#include "pdarts/sweeps/slurm_sweep.h"

#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "google/protobuf/struct.pb.h"
#include "pdarts/base/atomic_file.h"
#include "pdarts/base/directory.h"
#include "pdarts/base/file.h"
#include "pdarts/base/json.h"
#include "pdarts/base/process.h"
#include "pdarts/base/shell_text.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/run_names.h"
#include "pdarts/sessions/interrupt.h"
#include "pdarts/sessions/status_line.h"
#include "pdarts/sweeps/slurm.h"
#include "pdarts/sweeps/sweep_script.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;

constexpr char kRecord[] = "sweep.json";
constexpr char kScript[] = "job.sh";
constexpr absl::string_view kFolderMark = ".sweep-";
constexpr char kFinished[] = "finished";

/// The first and the longest pause between two questions to Slurm. The pauses grow, because a
/// question each second is useless for runs of many hours.
constexpr absl::Duration kFirstPause = absl::Milliseconds(500);
constexpr absl::Duration kLongestPause = absl::Seconds(15);

/// A submitted sweep, as its folder describes it.
struct SubmittedSweep {
  std::string folder;
  SweepRecord record;
};

/// The number in the name of a sweep's folder: 3 of "mine.sweep-3"; unset if the name has another
/// form.
std::optional<int> SweepNumber(absl::string_view name) {
  const size_t mark = name.rfind(kFolderMark);
  int number = 0;
  if (mark == absl::string_view::npos ||
      !absl::SimpleAtoi(name.substr(mark + kFolderMark.size()), &number)) {
    return std::nullopt;
  }
  return number;
}

absl::StatusOr<SubmittedSweep> ReadSweep(const std::string& folder) {
  SubmittedSweep sweep;
  sweep.folder = folder;
  PDARTS_ASSIGN_OR_RETURN(const Directory directory, Directory::Open(folder));
  PDARTS_ASSIGN_OR_RETURN(const std::string text, directory.ReadFile(kRecord));
  PDARTS_RETURN_IF_ERROR(Annotate(ParseJson(text, &sweep.record), directory.PathOf(kRecord)));
  return sweep;
}

/// All sweeps in a folder that have a record, in the order of their submission. \error if the
/// folder or a record cannot be read.
absl::StatusOr<std::vector<SubmittedSweep>> ReadSweeps(const std::string& folder) {
  std::vector<SubmittedSweep> sweeps;
  const absl::StatusOr<Directory> directory = Directory::Open(folder);
  if (absl::IsNotFound(directory.status())) return sweeps;
  PDARTS_RETURN_IF_ERROR(directory.status());
  PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, directory->List());
  for (const std::string& name : names) {
    if (!SweepNumber(name)) continue;
    absl::StatusOr<SubmittedSweep> sweep = ReadSweep(directory->PathOf(name));
    if (absl::IsNotFound(sweep.status())) continue;  // the sweep was not submitted
    PDARTS_RETURN_IF_ERROR(sweep.status());
    sweeps.push_back(*std::move(sweep));
  }
  std::stable_sort(sweeps.begin(), sweeps.end(),
                   [](const SubmittedSweep& a, const SubmittedSweep& b) {
                     return std::make_tuple(a.record.submitted(), *SweepNumber(a.folder)) <
                            std::make_tuple(b.record.submitted(), *SweepNumber(b.folder));
                   });
  return sweeps;
}

/// The place of a run in a sweep.
struct PlaceOfRun {
  std::string sweep;  ///< the folder of the sweep
  std::string job;    ///< the number of the sweep's job array
  int number = 0;     ///< the number of the run in the sweep
};

/// The task that computes a run now: the task that the script has noted; without a note, the task
/// of the sweep's job array. Empty if no task is known.
std::string ReadTask(const PlaceOfRun& place) {
  const absl::StatusOr<Directory> folder = Directory::Open(place.sweep);
  if (!folder.ok()) return "";
  const absl::StatusOr<std::string> noted = folder->ReadFile(absl::StrCat("task-", place.number));
  if (noted.ok()) {
    const std::string task(absl::StripAsciiWhitespace(*noted));
    if (IsTaskName(task)) return task;
  }
  const std::string task = absl::StrCat(place.job, "_", place.number);
  return IsTaskName(task) ? task : "";
}

/// The places of runs, by the names of their directories. A run is in the newest sweep that
/// contains it.
std::map<std::string, PlaceOfRun> PlacesOf(const std::vector<SubmittedSweep>& sweeps) {
  std::map<std::string, PlaceOfRun> places;
  for (const SubmittedSweep& sweep : sweeps) {
    for (int i = 0; i < sweep.record.runs_size(); ++i) {
      places[sweep.record.runs(i)] = {sweep.folder, sweep.record.job(), i};
    }
  }
  return places;
}

std::string NameOfRun(const QueuedRun& run) { return fs::path(run.directory).filename().string(); }

/// A state in words: "out of memory".
std::string StateText(absl::string_view state) {
  std::string text = absl::AsciiStrToLower(state);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text.empty() ? "unknown" : text;
}

/// Makes the folder of a new sweep, with a number that no other sweep has.
absl::StatusOr<std::string> MakeSweepFolder(const SlurmSweepOptions& options) {
  PDARTS_RETURN_IF_ERROR(Directory::Create(options.folder).status());
  for (int number = 1;; ++number) {
    const std::string folder = absl::StrCat(options.folder, "/", options.name, kFolderMark, number);
    if (mkdir(folder.c_str(), 0777) == 0) return folder;
    if (errno != EEXIST) return SystemError("make the directory", folder);
  }
}

absl::Status WriteRecord(const std::string& folder, const SweepRecord& record) {
  return WriteFileAtomically(absl::StrCat(folder, "/", kRecord),
                             absl::StrCat(ToJsonLine(record), "\n"));
}

/// Opens the directory of the run and writes its spec, which the task will read. Nothing is
/// computed. \error as RunDirectory::Open.
absl::Status Prepare(const QueuedRun& run, bool overwrite) {
  const RunStart start = overwrite ? RunStart::kOverwrite : RunStart::kResumeOrBegin;
  return Annotate(RunDirectory::Open(run.directory, *run.spec, start).status(), run.label);
}

/// Submits runs as a job array. Returns the place of each run, in the order of the runs.
absl::StatusOr<std::vector<PlaceOfRun>> Submit(const std::vector<QueuedRun*>& runs,
                                               const SlurmSweepOptions& options) {
  for (const QueuedRun* run : runs) PDARTS_RETURN_IF_ERROR(Prepare(*run, options.child.overwrite));
  PDARTS_ASSIGN_OR_RETURN(const std::string folder, MakeSweepFolder(options));
  absl::Cleanup remove = [&] {
    std::error_code error;
    fs::remove_all(folder, error);
  };
  std::error_code error;
  SweepScript script;
  script.name = options.name;
  script.folder = folder;
  script.program = fs::read_symlink("/proc/self/exe", error).string();
  if (error) return absl::InternalError(absl::StrCat("/proc/self/exe: ", error.message()));
  script.command = CommandNameOf(*runs.front());
  script.flags = FlagsForRuns(options.child);
  script.threads = options.child.threads;
  script.sbatch_options = options.sbatch_options;
  script.array_limit = options.array_limit;
  SweepRecord record;
  record.set_submitted(TimeNow());
  for (const QueuedRun* run : runs) {
    script.runs.push_back(run->directory);
    record.add_runs(NameOfRun(*run));
  }
  PDARTS_ASSIGN_OR_RETURN(const std::string text, PrintSweepScript(script));
  const std::string file = absl::StrCat(folder, "/", kScript);
  PDARTS_RETURN_IF_ERROR(WriteFileAtomically(file, text));
  // The record is first written without the number of the job array. If this process ended now, the
  // tasks would still note their numbers.
  PDARTS_RETURN_IF_ERROR(WriteRecord(folder, record));
  PDARTS_ASSIGN_OR_RETURN(const std::string job, SubmitScript(file));
  std::move(remove).Cancel();
  record.set_job(job);
  *options.messages << "submitted " << runs.size() << (runs.size() == 1 ? " run" : " runs")
                    << " as the job array " << job << " by " << file << "\n";
  PDARTS_RETURN_IF_ERROR(WriteRecord(folder, record));
  std::vector<PlaceOfRun> places;
  for (size_t i = 0; i < runs.size(); ++i) places.push_back({folder, job, static_cast<int>(i)});
  return places;
}

/// A run for which the command waits.
struct WaitedRun {
  QueuedRun* run = nullptr;
  PlaceOfRun place;
  std::string task;
  std::string said;                   ///< the state in the last message
  std::optional<absl::Time> missing;  ///< since when it has ended, or is unknown, without a result
};

/// The progress in the log of a run; empty if the log holds no epoch.
std::string ProgressOf(const std::string& run) {
  const absl::StatusOr<Directory> directory = Directory::Open(run);
  if (!directory.ok()) return "";
  const absl::StatusOr<std::string> log = directory->ReadFile(kLogFile);
  if (!log.ok()) return "";
  std::vector<absl::string_view> lines = absl::StrSplit(*log, '\n', absl::SkipEmpty());
  std::reverse(lines.begin(), lines.end());
  for (const absl::string_view line : lines) {
    google::protobuf::Struct event;
    if (!ParseJson(std::string(line), &event).ok()) continue;  // the line is still being written
    const auto number = [&](const char* field) {
      const auto found = event.fields().find(field);
      return found == event.fields().end() ? 0.0 : found->second.number_value();
    };
    if (number("epoch") == 0) continue;
    return absl::StrCat(number("stage") > 0
                            ? absl::StrCat("stage ", number("stage"), "/", number("stages"), ", ")
                            : "",
                        "epoch ", number("epoch"), "/", number("epochs"));
  }
  return "";
}

/// The command that shows the sweeps in the folder.
std::string StatusCommand(const SlurmSweepOptions& options) {
  return absl::StrCat(options.child.program_name,
                      " sweep --status --output_dir=", QuotedForShell(options.folder));
}

/// Waits for runs, and prints each change.
class Waiter {
 public:
  Waiter(std::vector<WaitedRun> runs, const SlurmSweepOptions& options)
      : waiting_(std::move(runs)), total_(waiting_.size()), options_(options) {}

  absl::Status Wait() {
    const InterruptGuard guard;
    for (absl::Duration pause = kFirstPause; !waiting_.empty();
         pause = std::min(2 * pause, kLongestPause)) {
      PDARTS_RETURN_IF_ERROR(Look());
      if (waiting_.empty()) break;
      Pause(pause);
      if (InterruptSignal() != 0) return Stopped();
    }
    return absl::OkStatus();
  }

 private:
  /// Checks all runs once.
  absl::Status Look() {
    std::set<std::string> tasks;
    for (WaitedRun& waited : waiting_) {
      if (const std::string task = ReadTask(waited.place); !task.empty()) waited.task = task;
      if (!waited.task.empty()) tasks.insert(waited.task);
    }
    const absl::StatusOr<std::map<std::string, SlurmState>> states = TaskStates(tasks);
    if (absl::IsNotFound(states.status())) return states.status();  // squeue does not exist
    if (!states.ok()) {
      progress_.Clear();
      if (!told_of_silence_) *options_.messages << "note: " << states.status().message() << "\n";
      told_of_silence_ = true;
      return absl::OkStatus();
    }
    told_of_silence_ = false;
    bool changed = false;
    std::vector<WaitedRun> left;
    for (WaitedRun& waited : waiting_) {
      const auto state = states->find(waited.task);
      const std::string before = waited.said;
      if (!HasEnded(state == states->end() ? SlurmState() : state->second, &waited)) {
        changed = changed || waited.said != before;
        left.push_back(std::move(waited));
      } else {
        changed = true;
      }
    }
    waiting_ = std::move(left);
    if (changed) SayCounts();
    if (!waiting_.empty()) {
      progress_.Show([&] {
        const std::string progress = ProgressOf(waiting_.front().run->directory);
        return absl::StrCat(waiting_.front().run->label, ": ",
                            progress.empty() ? waiting_.front().said : progress);
      });
    }
    return absl::OkStatus();
  }

  /// Whether a run will not change any more. The function then sets the result or the error of the
  /// run.
  bool HasEnded(const SlurmState& state, WaitedRun* waited) {
    QueuedRun& run = *waited->run;
    const absl::StatusOr<std::optional<RunResult>> result =
        FindFinishedRun(run.directory, *run.spec);
    if (result.ok() && *result) {
      run.result = **result;
      Say(kFinished, waited);
      ++finished_;
      return true;
    }
    if (IsActive(state.state)) {
      waited->missing.reset();
      Say(absl::StrCat(StateText(state.state), " (task ", waited->task,
                       state.reason.empty() ? "" : absl::StrCat(", ", state.reason), ")"),
          waited);
      return false;
    }
    const bool is_clear = !state.state.empty() && state.state != "COMPLETED";
    if (!waited->missing) waited->missing = absl::Now();
    if (!is_clear && absl::Now() - *waited->missing < options_.patience) return false;
    SetError(result.ok() ? ErrorText(state.state, *waited) : std::string(result.status().message()),
             waited);
    return true;
  }

  static std::string ErrorText(const std::string& state, const WaitedRun& waited) {
    const std::string what =
        state.empty()          ? "Slurm does not know the task any more, and the run has no result"
        : state == "COMPLETED" ? "it ended without a result"
                               : StateText(state);
    return absl::StrCat(what, " (task ", waited.task.empty() ? "unknown" : waited.task, "), see ",
                        ConsoleFile(*waited.run));
  }

  void SetError(std::string error, WaitedRun* waited) {
    waited->run->error = std::move(error);
    ++failed_;
    Say(waited->run->error, waited);
  }

  void Say(const std::string& text, WaitedRun* waited) {
    if (waited->said == text) return;
    waited->said = text;
    progress_.Clear();
    *options_.messages << waited->run->label << ": " << text << "\n";
  }

  void SayCounts() {
    progress_.Clear();
    *options_.messages << finished_ << " of " << total_ << " finished";
    if (failed_ > 0) *options_.messages << ", " << failed_ << " failed";
    *options_.messages << "\n";
  }

  static void Pause(absl::Duration pause) {
    const absl::Time end = absl::Now() + pause;
    while (absl::Now() < end && InterruptSignal() == 0) {
      poll(nullptr, 0, 50);  // a signal that came before the poll does not end it
    }
  }

  absl::Status Stopped() const {
    std::set<std::string> tasks;
    for (const WaitedRun& waited : waiting_) {
      if (!waited.task.empty()) tasks.insert(waited.task);
    }
    return absl::CancelledError(absl::StrCat(
        "the runs continue without this command. To see them:\n  ", StatusCommand(options_),
        "\nTo wait for them again:\n  ", options_.resume_command(), "\nTo end them:\n  scancel ",
        absl::StrJoin(ArraysOf(tasks), " ")));
  }

  std::vector<WaitedRun> waiting_;
  const size_t total_;
  const SlurmSweepOptions& options_;
  size_t finished_ = 0;
  size_t failed_ = 0;
  bool told_of_silence_ = false;
  StatusLine progress_;  ///< on a terminal: the progress of the first unfinished run
};

/// The runs that tasks of earlier sweeps are still computing.
absl::StatusOr<std::vector<WaitedRun>> ComputedRuns(const std::vector<QueuedRun*>& runs,
                                                    const SlurmSweepOptions& options) {
  PDARTS_ASSIGN_OR_RETURN(const std::vector<SubmittedSweep> sweeps, ReadSweeps(options.folder));
  const std::map<std::string, PlaceOfRun> places = PlacesOf(sweeps);
  std::vector<WaitedRun> submitted;
  std::set<std::string> tasks;
  for (QueuedRun* run : runs) {
    const auto place = places.find(NameOfRun(*run));
    if (place == places.end()) continue;
    WaitedRun waited;
    waited.run = run;
    waited.place = place->second;
    waited.task = ReadTask(waited.place);
    if (waited.task.empty()) continue;
    tasks.insert(waited.task);
    submitted.push_back(std::move(waited));
  }
  PDARTS_ASSIGN_OR_RETURN(const auto states, TaskStates(tasks));
  std::vector<WaitedRun> computed;
  for (WaitedRun& waited : submitted) {
    if (!IsActive(states.at(waited.task).state)) continue;
    if (options.child.overwrite) {
      return absl::FailedPreconditionError(
          absl::StrCat("--overwrite: ", waited.run->label, " is still computed, by the task ",
                       waited.task, "; scancel ", waited.task, " ends it"));
    }
    computed.push_back(std::move(waited));
  }
  return computed;
}

}  // namespace

absl::Status RunOnSlurm(const std::vector<QueuedRun*>& runs, const SlurmSweepOptions& options) {
  PDARTS_RETURN_IF_ERROR(CheckSbatchOptions(options.sbatch_options));
  std::vector<QueuedRun*> unfinished;
  for (QueuedRun* run : runs) {
    if (!run->finished_before) unfinished.push_back(run);
  }
  PDARTS_ASSIGN_OR_RETURN(std::vector<WaitedRun> waited, ComputedRuns(unfinished, options));
  std::set<const QueuedRun*> computed;
  for (const WaitedRun& run : waited) {
    computed.insert(run.run);
    *options.messages << run.run->label << ": submitted before as the task " << run.task << "\n";
  }
  std::vector<QueuedRun*> to_submit;
  for (QueuedRun* run : unfinished) {
    if (computed.count(run) == 0) to_submit.push_back(run);
  }
  if (!to_submit.empty()) {
    PDARTS_ASSIGN_OR_RETURN(const std::vector<PlaceOfRun> places, Submit(to_submit, options));
    for (size_t i = 0; i < places.size(); ++i) {
      WaitedRun run;
      run.run = to_submit[i];
      run.place = places[i];
      waited.push_back(std::move(run));
    }
  }
  if (!options.detach) return Waiter(std::move(waited), options).Wait();
  *options.messages << "To see the runs:\n  " << StatusCommand(options) << "\n";
  return absl::OkStatus();
}

absl::StatusOr<SweepsReport> ReportSweeps(const std::string& folder) {
  PDARTS_ASSIGN_OR_RETURN(const std::vector<SubmittedSweep> sweeps, ReadSweeps(folder));
  if (sweeps.empty()) {
    return absl::NotFoundError(
        absl::StrCat(folder,
                     " holds no sweep that was submitted to Slurm; --output_dir=DIR names "
                     "another folder"));
  }
  SweepsReport report;
  std::set<std::string> tasks;
  for (const SubmittedSweep& submitted : sweeps) {
    SweepReport* sweep = report.add_sweeps();
    sweep->set_folder(submitted.folder);
    sweep->set_job(submitted.record.job());
    sweep->set_submitted(submitted.record.submitted());
    for (int i = 0; i < submitted.record.runs_size(); ++i) {
      SweepRunReport* run = sweep->add_runs();
      run->set_run(absl::StrCat(folder, "/", submitted.record.runs(i)));
      run->set_task(ReadTask({submitted.folder, submitted.record.job(), i}));
      if (ReadRunResult(run->run()).ok()) {
        run->set_state(kFinished);
      } else {
        run->set_progress(ProgressOf(run->run()));
        if (!run->task().empty()) tasks.insert(run->task());
      }
    }
  }
  PDARTS_ASSIGN_OR_RETURN(const auto states, TaskStates(tasks));
  for (SweepReport& sweep : *report.mutable_sweeps()) {
    for (SweepRunReport& run : *sweep.mutable_runs()) {
      if (run.has_state()) continue;
      const auto state = states.find(run.task());
      run.set_state(StateText(state == states.end() ? "" : state->second.state));
      if (state != states.end()) run.set_reason(state->second.reason);
    }
  }
  return report;
}

std::string SweepsText(const SweepsReport& report) {
  std::string text;
  for (const SweepReport& sweep : report.sweeps()) {
    absl::StrAppend(
        &text, sweep.folder(), ": ",
        sweep.job().empty() ? "not known to be submitted" : absl::StrCat("job array ", sweep.job()),
        ", ", sweep.submitted(), "\n");
    size_t width = 0;
    std::map<std::string, int> counts;
    for (const SweepRunReport& run : sweep.runs()) {
      width = std::max(width, fs::path(run.run()).filename().string().size());
      ++counts[run.state()];
    }
    for (const SweepRunReport& run : sweep.runs()) {
      std::string line =
          absl::StrFormat("  %-*s  %-10s  %s", static_cast<int>(width),
                          fs::path(run.run()).filename().string(), run.state(), run.task());
      for (const std::string& more : {run.reason(), run.progress()}) {
        if (!more.empty()) absl::StrAppend(&line, "  ", more);
      }
      absl::StripTrailingAsciiWhitespace(&line);
      absl::StrAppend(&text, line, "\n");
    }
    std::vector<std::string> parts;
    for (const auto& [state, count] : counts) parts.push_back(absl::StrCat(count, " ", state));
    absl::StrAppend(&text, absl::StrJoin(parts, ", "), "\n");
  }
  return text;
}

}  // namespace pdarts
