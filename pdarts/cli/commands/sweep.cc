#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "pdarts/cli/child_processes.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/interrupt.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/file.h"
#include "pdarts/core/json.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/core/training.h"
#include "pdarts/runs/any_spec.h"
#include "pdarts/runs/result_summary.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/search_decision.h"

ABSL_FLAG(std::string, seeds, "", "NUMBERS: seeds of the runs, with commas between them");
ABSL_FLAG(int, jobs, 1, "NUMBER: runs that go on at the same time");

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using google::protobuf::Message;

/// Which file a name leads to, and when that was last changed.
struct FileVersion {
  ino_t number = 0;
  timespec changed = {};

  bool operator==(const FileVersion& other) const {
    return number == other.number && changed.tv_sec == other.changed.tv_sec &&
           changed.tv_nsec == other.changed.tv_nsec;
  }
};

std::optional<FileVersion> VersionOf(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileVersion{status.st_ino, status.st_ctim};
}

/// One run of the sweep.
struct SweepRun {
  int64_t seed = 0;
  std::unique_ptr<Message> spec;  ///< of a search or a training
  std::string directory;
  bool finished_before = false;
  std::optional<FileVersion> spec_to_replace;  ///< of the run that --overwrite replaces
  std::string error;                           ///< empty: no failure
  RunResult result;
};

absl::StatusOr<std::vector<int64_t>> SeedsFromFlags() {
  const std::string text = absl::GetFlag(FLAGS_seeds);
  if (text.empty()) return absl::InvalidArgumentError("sweep needs --seeds=1,3,5");
  std::vector<int64_t> seeds;
  for (const absl::string_view word : absl::StrSplit(text, ',')) {
    int64_t seed = 0;
    if (!absl::SimpleAtoi(word, &seed) || seed < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("--seeds: \"", word, "\" is not a whole number from 0 on"));
    }
    seeds.push_back(seed);
  }
  if (std::set<int64_t>(seeds.begin(), seeds.end()).size() != seeds.size()) {
    return absl::InvalidArgumentError(absl::StrCat("--seeds: ", text, " names a seed twice"));
  }
  return seeds;
}

/// Whether the directory still holds the run that --overwrite replaces.
bool HoldsOldRun(const SweepRun& run) {
  return run.spec_to_replace && run.spec_to_replace == VersionOf(RunSpecFile(run.directory));
}

/// Whether the directory holds a run of this sweep's spec.
bool HoldsItsSpec(const SweepRun& run) {
  const absl::StatusOr<std::unique_ptr<Message>> spec = ReadAnyRunSpec(run.directory);
  return spec.ok() && PrintSpec(**spec) == PrintSpec(*run.spec);
}

/// What a user types to go on. Without --overwrite, a run that has not been replaced yet would be
/// taken for one of this sweep; with it, what this sweep has done would be done again.
std::string CommandsToGoOn(const std::vector<SweepRun>& runs) {
  std::vector<int64_t> old_seeds;
  std::string begun;
  for (const SweepRun& run : runs) {
    if (HoldsOldRun(run)) {
      old_seeds.push_back(run.seed);
    } else if (begun.empty() && HoldsItsSpec(run)) {
      begun = run.directory;
    }
  }
  const std::string of_all = CommandToGoOn(begun);
  if (old_seeds.empty()) return of_all;
  if (old_seeds.size() == runs.size()) return TypedCommand({});
  return absl::StrCat(TypedCommand({{"seeds", absl::StrJoin(old_seeds, ",")}}), " &&\n  ", of_all);
}

/// Where a run's messages go when several go on at the same time.
std::string ConsoleFile(const SweepRun& run) { return absl::StrCat(run.directory, ".console.txt"); }

/// Opens a run's console file to write at its end. It is locked as long as anyone, such as the run,
/// has the descriptor or a copy of it open.
absl::StatusOr<FileDescriptor> OpenConsole(const SweepRun& run) {
  const std::string path = ConsoleFile(run);
  std::error_code failed;
  fs::create_directories(fs::path(path).parent_path(), failed);
  PDARTS_ASSIGN_OR_RETURN(FileDescriptor file, OpenForAppending(path));
  if (flock(file.number(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) return SystemError("lock", path);
  return absl::FailedPreconditionError(
      absl::StrCat(path, " is locked: a run of another sweep is writing there"));
}

/// What starts this program anew, with a search or a training of one seed. It reads a copy of the
/// spec, so that all runs of the sweep are of one experiment.
ChildCommand CommandOf(const SweepRun& run, int threads, int output) {
  ChildCommand command;
  command.program = "/proc/self/exe";
  command.words = {ProgramName(),
                   IsTraining(*run.spec) ? "train" : "search",
                   "--spec=/dev/stdin",
                   absl::StrCat("--output_dir=", run.directory),
                   absl::StrCat("--threads=", threads),
                   absl::StrCat("--checkpoint_minutes=", absl::GetFlag(FLAGS_checkpoint_minutes))};
  if (const std::string data = absl::GetFlag(FLAGS_data_dir); !data.empty()) {
    command.words.push_back(absl::StrCat("--data_dir=", UserPath(data)));
  }
  if (absl::GetFlag(FLAGS_overwrite)) command.words.push_back("--overwrite");
  if (absl::GetFlag(FLAGS_allow_swap)) command.words.push_back("--allow_swap");
  command.input = PrintSpec(*run.spec);
  command.output = output;
  return command;
}

std::string HowItEnded(const EndedChild& child) {
  if (child.signal != 0) return absl::StrCat("ended by signal ", child.signal);
  return absl::StrCat("exit status ", child.exit_code);
}

/// Starts what isn't finished yet, `jobs` at a time, and watches it.
class SweepRunner {
 public:
  SweepRunner(std::vector<SweepRun>* runs, int jobs, int threads)
      : runs_(*runs), jobs_(jobs), threads_(threads) {}

  /// Runs all. What a run's own failure is stands in the run. A signal is passed on to the runs, so
  /// that they save their state and stop; a second one ends them at once. If a process can't be
  /// started, the others are stopped as by a signal. \error kCancelled, and why a process could not
  /// be started, with the command to go on.
  absl::Status Run() {
    const InterruptGuard guard(InterruptGuard::SecondSignal::kIsNoted);
    absl::Status start;
    for (;;) {
      PassSignalsOn();
      const bool stops = InterruptSignal() != 0 || !start.ok();
      if (!stops && next_ < runs_.size() && children_.size() < jobs_) {
        start = StartNext();
        if (!start.ok()) children_.Signal(SIGTERM);
        continue;
      }
      if (children_.size() == 0) break;
      // Briefly: a signal that came before the wait does not end it.
      if (const auto ended = children_.Wait(absl::Milliseconds(50))) TakeEnd(*ended);
    }
    if (!start.ok()) {
      return absl::Status(
          start.code(), absl::StrCat(start.message(), "; the other runs are stopped. To go on:\n  ",
                                     CommandsToGoOn(runs_)));
    }
    if (InterruptSignal() == 0 || AllDone()) return absl::OkStatus();
    return absl::CancelledError(absl::StrCat("stopped. To go on:\n  ", CommandsToGoOn(runs_)));
  }

 private:
  void PassSignalsOn() {
    if (InterruptSignal() != 0 && !stopped_) {
      children_.Signal(InterruptSignal());
      stopped_ = true;
    }
    if (InterruptedTwice() && !killed_) {
      children_.Signal(SIGKILL);
      killed_ = true;
    }
  }

  /// Starts the next run that isn't finished. \error if its process can't be started.
  absl::Status StartNext() {
    SweepRun& run = runs_[next_++];
    if (run.finished_before) return absl::OkStatus();
    FileDescriptor console;
    if (jobs_ > 1) {
      absl::StatusOr<FileDescriptor> opened = OpenConsole(run);
      if (!opened.ok()) {
        SetError(&run, std::string(opened.status().message()));
        return absl::OkStatus();
      }
      console = *std::move(opened);
    }
    std::cerr << "seed " << run.seed << ": begins, " << run.directory << "\n";
    const absl::StatusOr<pid_t> child = children_.Start(CommandOf(run, threads_, console.number()));
    if (!child.ok()) {
      return Annotate(child.status(), absl::StrCat("seed ", run.seed));
    }
    running_[*child] = &run;
    return absl::OkStatus();
  }

  void TakeEnd(const EndedChild& ended) {
    const auto found = running_.find(ended.id);
    SweepRun& run = *found->second;
    running_.erase(found);
    const absl::StatusOr<RunResult> result = ReadRunResult(run.directory);
    if (ended.exit_code != 0) {
      SetError(&run, absl::StrCat(HowItEnded(ended),
                                  jobs_ > 1 ? absl::StrCat(", see ", ConsoleFile(run)) : ""));
    } else if (!result.ok()) {
      SetError(&run, std::string(result.status().message()));
    } else {
      run.result = *result;
      std::cerr << "seed " << run.seed << ": finished\n";
    }
  }

  static void SetError(SweepRun* run, std::string error) {
    run->error = std::move(error);
    std::cerr << "seed " << run->seed << ": " << run->error << "\n";
  }

  bool AllDone() const {
    return next_ == runs_.size() &&
           std::all_of(runs_.begin(), runs_.end(),
                       [](const SweepRun& run) { return run.error.empty(); });
  }

  std::vector<SweepRun>& runs_;
  const int jobs_;
  const int threads_;
  size_t next_ = 0;
  ChildProcesses children_;
  std::map<pid_t, SweepRun*> running_;
  bool stopped_ = false;  ///< the runs have got the first signal
  bool killed_ = false;   ///< and the second
};

std::vector<RunResult> Results(const std::vector<SweepRun>& runs) {
  std::vector<RunResult> results;
  for (const SweepRun& run : runs) {
    if (run.error.empty()) results.push_back(run.result);
  }
  return results;
}

std::string Json(const std::vector<SweepRun>& runs, const std::vector<std::string>& notes) {
  std::vector<std::string> results, failures, mean, deviation, note_texts;
  for (const SweepRun& run : runs) {
    (run.error.empty() ? results : failures)
        .push_back(run.error.empty() ? ToJsonLine(run.result) : absl::StrCat(run.seed));
  }
  for (const ColumnSummary& column : SummarizeResults(Results(runs))) {
    mean.push_back(absl::StrFormat("\"%s\":%.10g", column.name, column.mean));
    deviation.push_back(absl::StrFormat("\"%s\":%.10g", column.name, column.deviation));
  }
  for (const std::string& note : notes) note_texts.push_back(JsonText(note));
  return absl::StrCat("{\"runs\":[", absl::StrJoin(results, ","), "],\"failed_seeds\":[",
                      absl::StrJoin(failures, ","), "],\"mean\":{", absl::StrJoin(mean, ","),
                      "},\"deviation\":{", absl::StrJoin(deviation, ","), "},\"notes\":[",
                      absl::StrJoin(note_texts, ","), "]}");
}

void PrintTable(const std::vector<SweepRun>& runs) {
  std::vector<RunResult> results = Results(runs);
  for (RunResult& result : results) {
    if (HasTop5(result)) continue;
    result.clear_supernet_top5();
    result.clear_test_top5();
  }
  const std::vector<ColumnSummary> columns = SummarizeResults(results);
  std::cout << absl::StrFormat("%-8s", "seed");
  for (const ColumnSummary& column : columns) std::cout << absl::StrFormat(" %20s", column.name);
  std::cout << "  genotype\n";
  size_t finished = 0;
  for (const SweepRun& run : runs) {
    std::cout << absl::StrFormat("%-8d", run.seed);
    if (!run.error.empty()) {
      std::cout << " failed: " << run.error << "\n";
      continue;
    }
    for (const ColumnSummary& column : columns) {
      const std::optional<double>& value = column.values[finished];
      std::cout << (value ? absl::StrFormat(" %20.4f", *value) : absl::StrFormat(" %20s", "-"));
    }
    std::cout << "  " << run.result.genotype() << "\n";
    ++finished;
  }
  const auto row = [&](const char* name, double ColumnSummary::*value) {
    std::cout << absl::StrFormat("%-8s", name);
    for (const ColumnSummary& column : columns) {
      std::cout << absl::StrFormat(" %20.4f", column.*value);
    }
    std::cout << "\n";
  };
  if (columns.empty()) return;
  row("mean", &ColumnSummary::mean);
  row("+-", &ColumnSummary::deviation);
}

/// The name of a spec of either kind.
std::string NameOf(const Message& spec) {
  return IsTraining(spec) ? static_cast<const TrainSpec&>(spec).name()
                          : static_cast<const ExperimentSpec&>(spec).name();
}

/// Makes the spec what a run of it writes, if runs of it can begin.
/// \error as MakeExperiment or MakeTraining.
absl::Status CompleteAndCheck(Message* spec) {
  if (!IsTraining(*spec)) {
    return MakeExperiment(static_cast<const ExperimentSpec&>(*spec)).status();
  }
  PDARTS_ASSIGN_OR_RETURN(const Training training,
                          MakeTraining(static_cast<const TrainSpec&>(*spec)));
  spec->CopyFrom(training.spec);
  return absl::OkStatus();
}

absl::Status Sweep(const std::vector<std::string>&) {
  const std::string file = absl::GetFlag(FLAGS_spec);
  if (file.empty()) return absl::InvalidArgumentError("sweep needs --spec=FILE");
  const int jobs = absl::GetFlag(FLAGS_jobs);
  if (jobs < 1) return absl::InvalidArgumentError(absl::StrCat("--jobs: ", jobs, " is below 1"));
  PDARTS_ASSIGN_OR_RETURN(const std::vector<int64_t> seeds, SeedsFromFlags());
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  int threads = absl::GetFlag(FLAGS_threads);
  // Alone, a run uses what a search uses; together, they share the cores.
  if (threads == 0 && jobs > 1) threads = std::max(1, cores / jobs);

  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<Message> spec, ReadAnySpecFile(UserPath(file)));
  PDARTS_RETURN_IF_ERROR(ApplyFlags(spec.get()));
  for (const std::string& assignment : absl::GetFlag(FLAGS_set).values) {
    if (absl::StartsWith(assignment, "seed=")) {
      std::cerr << "note: the seeds are those of --seeds; --set=" << assignment
                << " changes nothing\n";
    }
  }
  PDARTS_RETURN_IF_ERROR(CompleteAndCheck(spec.get()));  // before anything is written
  std::vector<SweepRun> runs;
  for (const int64_t seed : seeds) {
    SweepRun& run = runs.emplace_back();
    run.seed = seed;
    run.spec.reset(spec->New());
    run.spec->CopyFrom(*spec);
    PDARTS_RETURN_IF_ERROR(SetField(run.spec.get(), absl::StrCat("seed=", seed)));
    const std::string parent = absl::GetFlag(FLAGS_output_dir);
    run.directory =
        UserPath(absl::StrCat(parent.empty() ? "runs" : parent, "/", NameOf(*spec), "-seed", seed));
    if (absl::GetFlag(FLAGS_overwrite)) {
      run.spec_to_replace = VersionOf(RunSpecFile(run.directory));
      continue;
    }
    PDARTS_ASSIGN_OR_RETURN(const std::optional<RunResult> result,
                            FindFinishedRun(run.directory, *run.spec));
    if (!result) continue;
    run.finished_before = true;
    run.result = *result;
    std::cerr << "seed " << seed << ": finished before, " << run.directory << "\n";
  }
  PDARTS_RETURN_IF_ERROR(SweepRunner(&runs, jobs, threads).Run());

  std::vector<std::string> notes;
  for (const std::string& difference : OriginDifferences(Results(runs))) {
    notes.push_back(absl::StrCat("the runs differ in their ", difference));
    std::cerr << "note: " << notes.back() << "\n";
  }
  for (const SweepRun& run : runs) {
    const std::string note = run.error.empty() ? DecidedNothing(run.result) : "";
    if (note.empty()) continue;
    notes.push_back(absl::StrCat("seed ", run.seed, ": ", note));
    std::cerr << "note: " << notes.back() << "\n";
  }
  if (absl::GetFlag(FLAGS_json)) {
    std::cout << Json(runs, notes) << "\n";
  } else {
    PrintTable(runs);
  }
  std::vector<int64_t> failed;
  for (const SweepRun& run : runs) {
    if (!run.error.empty()) failed.push_back(run.seed);
  }
  if (failed.empty()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("these seeds failed: ", absl::StrJoin(failed, ", "),
                                          "; this runs them again:\n  ", CommandsToGoOn(runs)));
}

}  // namespace

Command SweepCommand() {
  return {
      "sweep",
      "--spec=FILE --seeds=1,3,5",
      "run a search or a training with several seeds: a run each, a table, means and deviations",
      {"spec", "seeds", "jobs", "data_dir", "output_dir", "device", "threads", "set", "overwrite",
       "checkpoint_minutes", "allow_swap", "json"},
      &Sweep,
      /*takes_arguments=*/false,
      {{"--spec=mine.textproto --seeds=1,3,5", "three runs, one after the other"},
       {"--spec=mine.textproto --seeds=1,2,3,4 --jobs=2 --threads=1", "two at a time"}},
      {{"output_dir", "DIR: folder that gets the directories of the runs (default: runs)"}}};
}

}  // namespace pdarts
