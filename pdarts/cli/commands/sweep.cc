#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/interrupt.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/runs/result_summary.h"
#include "pdarts/runs/run_directory.h"

ABSL_FLAG(std::string, seeds, "", "NUMBERS: seeds of the runs, with commas between them");
ABSL_FLAG(int, jobs, 1, "NUMBER: runs that go on at the same time");

namespace pdarts {
namespace {

namespace fs = std::filesystem;

/// One run of the sweep.
struct SweepRun {
  int64_t seed = 0;
  ExperimentSpec spec;
  std::string directory;
  bool finished_before = false;
  std::string error;  ///< empty: no failure
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

/// Where a run's messages go when several go on at the same time.
std::string ConsoleFile(const SweepRun& run) { return absl::StrCat(run.directory, ".console.txt"); }

/// Starts this program anew with a search of one seed. Returns its process.
absl::StatusOr<pid_t> StartSearch(const SweepRun& run, int threads, bool shows_progress) {
  std::vector<std::string> words = {"pdarts",
                                    "search",
                                    absl::StrCat("--spec=", UserPath(absl::GetFlag(FLAGS_spec))),
                                    absl::StrCat("--seed=", run.seed),
                                    absl::StrCat("--output_dir=", run.directory),
                                    absl::StrCat("--threads=", threads)};
  for (const std::string& assignment : absl::GetFlag(FLAGS_set).values) {
    words.push_back(absl::StrCat("--set=", assignment));
  }
  if (const std::string data = absl::GetFlag(FLAGS_data_dir); !data.empty()) {
    words.push_back(absl::StrCat("--data_dir=", UserPath(data)));
  }
  if (const std::string device = absl::GetFlag(FLAGS_device); !device.empty()) {
    words.push_back(absl::StrCat("--device=", device));
  }
  if (absl::GetFlag(FLAGS_overwrite)) words.push_back("--overwrite");
  if (absl::GetFlag(FLAGS_allow_swap)) words.push_back("--allow_swap");
  words.push_back(absl::StrCat("--checkpoint_minutes=", absl::GetFlag(FLAGS_checkpoint_minutes)));
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  std::error_code failed;
  fs::create_directories(fs::path(run.directory).parent_path(), failed);
  int console = -1;
  if (!shows_progress) {
    console = open(ConsoleFile(run).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (console < 0) {
      return absl::FailedPreconditionError(
          absl::StrCat("can't write ", ConsoleFile(run), ": ", std::strerror(errno)));
    }
  }
  const pid_t child = fork();
  if (child < 0) {
    return absl::InternalError(absl::StrCat("can't start a process: ", std::strerror(errno)));
  }
  if (child == 0) {
    if (console >= 0) dup2(console, STDERR_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);  // the sweep's own standard output is its table
    execv("/proc/self/exe", argv.data());
    _exit(127);
  }
  if (console >= 0) close(console);
  return child;
}

std::string HowItEnded(int status) {
  if (WIFSIGNALED(status)) return absl::StrCat("ended by signal ", WTERMSIG(status));
  return absl::StrCat("exit status ", WEXITSTATUS(status));
}

/// Runs what isn't finished yet, `jobs` at a time. A signal lets the runs save their state and
/// stop.
absl::Status RunAll(std::vector<SweepRun>* runs, int jobs, int threads) {
  const InterruptGuard guard;
  bool told = false;
  std::map<pid_t, SweepRun*> running;
  size_t next = 0;
  while (next < runs->size() || !running.empty()) {
    if (InterruptSignal() != 0 && !told) {
      // A terminal sends its SIGINT to them too, and a second one would end them at once.
      for (const auto& [child, run] : running) {
        if (InterruptSignal() == SIGTERM) kill(child, SIGTERM);
      }
      told = true;
    }
    if (InterruptSignal() != 0 && running.empty()) break;
    if (InterruptSignal() == 0 && next < runs->size() && static_cast<int>(running.size()) < jobs) {
      SweepRun& run = (*runs)[next++];
      if (run.finished_before) continue;
      std::cerr << "seed " << run.seed << ": begins, " << run.directory << "\n";
      PDARTS_ASSIGN_OR_RETURN(const pid_t child, StartSearch(run, threads, jobs == 1));
      running[child] = &run;
      continue;
    }
    int status = 0;
    const pid_t ended = waitpid(-1, &status, WNOHANG);
    if (ended == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));  // signals wake nothing else
      continue;
    }
    if (ended < 0 && errno == EINTR) continue;
    const auto found = running.find(ended);
    if (found == running.end()) continue;
    SweepRun& run = *found->second;
    running.erase(found);
    const absl::StatusOr<RunResult> result = ReadRunResult(run.directory);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
      run.error = HowItEnded(status);
      if (jobs > 1) absl::StrAppend(&run.error, ", see ", ConsoleFile(run));
    } else if (!result.ok()) {
      run.error = std::string(result.status().message());
    } else {
      run.result = *result;
    }
    std::cerr << "seed " << run.seed << ": " << (run.error.empty() ? "finished" : run.error)
              << "\n";
  }
  const bool all_done =
      next == runs->size() && std::all_of(runs->begin(), runs->end(),
                                          [](const SweepRun& run) { return run.error.empty(); });
  if (InterruptSignal() != 0 && !all_done) {
    return absl::CancelledError(absl::StrCat("stopped. To go on:\n  ", CommandToGoOn()));
  }
  return absl::OkStatus();
}

std::vector<RunResult> Results(const std::vector<SweepRun>& runs) {
  std::vector<RunResult> results;
  for (const SweepRun& run : runs) {
    if (run.error.empty()) results.push_back(run.result);
  }
  return results;
}

std::string Json(const std::vector<SweepRun>& runs) {
  std::vector<std::string> results, failures, mean, deviation;
  for (const SweepRun& run : runs) {
    (run.error.empty() ? results : failures)
        .push_back(run.error.empty() ? ToJsonLine(run.result) : absl::StrCat(run.seed));
  }
  for (const ColumnSummary& column : SummarizeResults(Results(runs))) {
    mean.push_back(absl::StrFormat("\"%s\":%.10g", column.name, column.mean));
    deviation.push_back(absl::StrFormat("\"%s\":%.10g", column.name, column.deviation));
  }
  return absl::StrCat("{\"runs\":[", absl::StrJoin(results, ","), "],\"failed_seeds\":[",
                      absl::StrJoin(failures, ","), "],\"mean\":{", absl::StrJoin(mean, ","),
                      "},\"deviation\":{", absl::StrJoin(deviation, ","), "}}");
}

void PrintTable(const std::vector<SweepRun>& runs) {
  const std::vector<ColumnSummary> columns = SummarizeResults(Results(runs));
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

  PDARTS_ASSIGN_OR_RETURN(const ExperimentSpec spec, ReadSpecFile(UserPath(file)));
  std::vector<SweepRun> runs;
  for (const int64_t seed : seeds) {
    SweepRun& run = runs.emplace_back();
    run.seed = seed;
    run.spec = spec;
    run.spec.set_seed(seed);
    PDARTS_RETURN_IF_ERROR(ApplyFlags(&run.spec));
    const std::string parent = absl::GetFlag(FLAGS_output_dir);
    run.directory = UserPath(
        absl::StrCat(parent.empty() ? "runs" : parent, "/", run.spec.name(), "-seed", seed));
    if (absl::GetFlag(FLAGS_overwrite)) continue;
    PDARTS_ASSIGN_OR_RETURN(const std::optional<RunResult> result,
                            FindFinishedRun(run.directory, run.spec));
    if (!result) continue;
    run.finished_before = true;
    run.result = *result;
    std::cerr << "seed " << seed << ": finished before, " << run.directory << "\n";
  }
  PDARTS_RETURN_IF_ERROR(RunAll(&runs, jobs, threads));

  if (absl::GetFlag(FLAGS_json)) {
    std::cout << Json(runs) << "\n";
  } else {
    PrintTable(runs);
  }
  std::vector<int64_t> failed;
  for (const SweepRun& run : runs) {
    if (!run.error.empty()) failed.push_back(run.seed);
  }
  if (failed.empty()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("these seeds failed: ", absl::StrJoin(failed, ", "),
                                          "; the same command runs only them again"));
}

}  // namespace

Command SweepCommand() {
  return {"sweep",
          "--spec=FILE --seeds=1,3,5",
          "run an experiment with several seeds: a run each, a table, means and deviations",
          {"spec", "seeds", "jobs", "data_dir", "output_dir", "device", "threads", "set",
           "overwrite", "checkpoint_minutes", "allow_swap", "json"},
          &Sweep,
          /*takes_arguments=*/false,
          {{"--spec=mine.textproto --seeds=1,3,5", "three runs, one after the other"},
           {"--spec=mine.textproto --seeds=1,2,3,4 --jobs=2 --threads=1", "two at a time"}},
          {{"output_dir", "DIR: folder that gets the directories of the runs (default: runs)"}}};
}

}  // namespace pdarts
