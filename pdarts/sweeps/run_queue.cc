#include "pdarts/sweeps/run_queue.h"

#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <map>
#include <ostream>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "pdarts/base/file.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/spec.h"
#include "pdarts/processes/launch.h"
#include "pdarts/runs/any_spec.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/sessions/interrupt.h"
#include "pdarts/sweeps/child_processes.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;

/// Opens the console file of a run for appending. The file is locked as long as any process, such
/// as the run, has the descriptor or a copy of it open.
absl::StatusOr<FileDescriptor> OpenConsole(const QueuedRun& run, absl::string_view command) {
  const std::string path = ConsoleFile(run);
  std::error_code failed;
  fs::create_directories(fs::path(path).parent_path(), failed);
  PDARTS_ASSIGN_OR_RETURN(FileDescriptor file, OpenForAppending(path));
  if (flock(file.number(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) return SystemError("lock", path);
  return absl::FailedPreconditionError(
      absl::StrCat(path, " is locked: a run of another ", command, " is writing there"));
}

/// The command that starts this program again for a search or a training. The command reads a copy
/// of the spec, so that all runs belong to one experiment.
ChildCommand CommandOf(const QueuedRun& run, const ChildRunOptions& options, int threads,
                       int output) {
  ChildCommand command;
  command.program = "/proc/self/exe";
  command.words = {options.program_name, CommandNameOf(run), "--spec=/dev/stdin",
                   absl::StrCat("--output_dir=", run.directory),
                   absl::StrCat("--threads=", threads)};
  for (std::string& flag : FlagsForRuns(options)) command.words.push_back(std::move(flag));
  if (options.overwrite) command.words.push_back("--overwrite");
  command.input = PrintSpec(*run.spec);
  command.unset = {kSlurmTasks};  // a run is one process, also in a Slurm job of several tasks
  command.output = output;
  return command;
}

/// The number of threads of a run: `threads`. If `threads` is 0, runs that are computed at the same
/// time share the cores.
int ThreadsOf(int threads, int jobs) {
  if (threads != 0 || jobs == 1) return threads;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / jobs);
}

std::string HowItEnded(const EndedChild& child) {
  if (child.signal != 0) return absl::StrCat("ended by signal ", child.signal);
  return absl::StrCat("exit status ", child.exit_code);
}

/// Starts the unfinished runs, `jobs` at a time, and watches them.
class QueueRunner {
 public:
  QueueRunner(const std::vector<QueuedRun*>& runs, const RunQueueOptions& options)
      : runs_(runs), options_(options), threads_(ThreadsOf(options.child.threads, options.jobs)) {}

  /// As RunAll.
  absl::Status Run() {
    const InterruptGuard guard(InterruptGuard::SecondSignal::kIsNoted);
    absl::Status start;
    for (;;) {
      PassSignalsOn();
      const bool stops = InterruptSignal() != 0 || !start.ok();
      if (!stops && next_ < runs_.size() && children_.size() < options_.jobs) {
        start = StartNext();
        if (!start.ok()) children_.Signal(SIGTERM);
        continue;
      }
      if (children_.size() == 0) break;
      // The wait is short, because a signal that came before the wait does not end it.
      if (const auto ended = children_.Wait(absl::Milliseconds(50))) TakeEnd(*ended);
    }
    if (!start.ok()) {
      return absl::Status(start.code(), absl::StrCat(start.message(),
                                                     "; the other runs are stopped. To resume:\n  ",
                                                     options_.resume_command()));
    }
    if (InterruptSignal() == 0 || AllDone()) return absl::OkStatus();
    return absl::CancelledError(absl::StrCat("stopped. To resume:\n  ", options_.resume_command()));
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

  /// Starts the next unfinished run. \error if its process cannot be started.
  absl::Status StartNext() {
    QueuedRun& run = *runs_[next_++];
    if (run.finished_before) return absl::OkStatus();
    FileDescriptor console;
    if (options_.jobs > 1) {
      absl::StatusOr<FileDescriptor> opened = OpenConsole(run, options_.command);
      if (!opened.ok()) {
        SetError(&run, std::string(opened.status().message()));
        return absl::OkStatus();
      }
      console = *std::move(opened);
    }
    *options_.messages << run.label << ": begins, " << run.directory << "\n";
    const absl::StatusOr<pid_t> child =
        children_.Start(CommandOf(run, options_.child, threads_, console.number()));
    if (!child.ok()) {
      return Annotate(child.status(), run.label);
    }
    running_[*child] = &run;
    return absl::OkStatus();
  }

  void TakeEnd(const EndedChild& ended) {
    const auto found = running_.find(ended.id);
    QueuedRun& run = *found->second;
    running_.erase(found);
    const absl::StatusOr<RunResult> result = ReadRunResult(run.directory);
    if (ended.exit_code != 0) {
      SetError(&run,
               absl::StrCat(HowItEnded(ended),
                            options_.jobs > 1 ? absl::StrCat(", see ", ConsoleFile(run)) : ""));
    } else if (!result.ok()) {
      SetError(&run, std::string(result.status().message()));
    } else {
      run.result = *result;
      *options_.messages << run.label << ": finished\n";
    }
  }

  void SetError(QueuedRun* run, std::string error) {
    run->error = std::move(error);
    *options_.messages << run->label << ": " << run->error << "\n";
  }

  bool AllDone() const {
    return next_ == runs_.size() &&
           std::all_of(runs_.begin(), runs_.end(),
                       [](const QueuedRun* run) { return run->error.empty(); });
  }

  const std::vector<QueuedRun*>& runs_;
  const RunQueueOptions& options_;
  const int threads_;
  size_t next_ = 0;
  ChildProcesses children_;
  std::map<pid_t, QueuedRun*> running_;
  bool stopped_ = false;  ///< whether the runs have got the first signal
  bool killed_ = false;   ///< whether the runs have got the second signal
};

}  // namespace

absl::Status RunAll(const std::vector<QueuedRun*>& runs, const RunQueueOptions& options) {
  return QueueRunner(runs, options).Run();
}

std::string CommandNameOf(const QueuedRun& run) {
  return IsTraining(*run.spec) ? "train" : "search";
}

std::vector<std::string> FlagsForRuns(const ChildRunOptions& options) {
  std::vector<std::string> flags = {
      absl::StrCat("--checkpoint_minutes=", options.checkpoint_minutes)};
  if (!options.data_dir.empty()) flags.push_back(absl::StrCat("--data_dir=", options.data_dir));
  if (options.allow_swap) flags.push_back("--allow_swap");
  return flags;
}

std::string ConsoleFile(const QueuedRun& run) {
  return absl::StrCat(run.directory, ".console.txt");
}

bool HoldsItsSpec(const QueuedRun& run) {
  const auto spec = ReadAnyRunSpec(run.directory);
  return spec.ok() && PrintSpec(**spec) == PrintSpec(*run.spec);
}

}  // namespace pdarts
