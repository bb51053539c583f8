#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/message.h"
#include "pdarts/base/json.h"
#include "pdarts/base/shell_text.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/run_queue.h"
#include "pdarts/cli/session_flags.h"
#include "pdarts/cli/slurm_sweep.h"
#include "pdarts/cli/sweep.pb.h"
#include "pdarts/cli/sweep_grid.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/training.h"
#include "pdarts/runs/any_spec.h"
#include "pdarts/runs/result_groups.h"
#include "pdarts/runs/result_summary.h"
#include "pdarts/runs/results_table.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/run_names.h"
#include "pdarts/runs/search_decision.h"

ABSL_FLAG(
    std::string, launcher, "local",
    "local|slurm: what computes the runs: processes of this machine, or a job array of Slurm");
ABSL_FLAG(std::string, launcher_options, "",
          "OPTIONS: options of sbatch, as in --time=120; several need quotation marks");
ABSL_FLAG(int, array_limit, 0,
          "NUMBER: maximum number of runs of the job array at the same time; 0: no limit");
ABSL_FLAG(bool, detach, false, "return once the runs are submitted to Slurm");
ABSL_FLAG(bool, status, false,
          "show the states of the runs that were submitted to Slurm from the output directory, and "
          "start none");

namespace pdarts {
namespace {

using google::protobuf::Message;

/// Identifies the file to which a name leads, and the time of its last change.
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
struct SweepRun : QueuedRun {
  int64_t seed = 0;
  Combination combination;
  std::optional<FileVersion> spec_to_replace;  ///< of the run that --overwrite replaces
};

/// Whether the directory still holds the run that --overwrite will replace.
bool HoldsOldRun(const SweepRun& run) {
  return run.spec_to_replace && run.spec_to_replace == VersionOf(RunSpecFile(run.directory));
}

/// The commands that replace the runs that --overwrite has not replaced yet: one command for all
/// runs, or, in a grid, one for each combination.
std::vector<std::string> CommandsToReplace(const std::vector<const SweepRun*>& old_runs) {
  std::map<Combination, std::vector<int64_t>> seeds;
  for (const SweepRun* run : old_runs) seeds[run->combination].push_back(run->seed);
  std::vector<std::string> commands;
  for (const auto& [combination, of_combination] : seeds) {
    std::string command =
        TypedCommand({{"seeds", absl::StrJoin(of_combination, ",")}, {"grid", std::nullopt}});
    for (const std::string& setting : combination) {
      absl::StrAppend(&command, " ", QuotedForShell(absl::StrCat("--grid=", setting)));
    }
    commands.push_back(std::move(command));
  }
  return commands;
}

/// The commands that a user types to continue the sweep. Neither the same command nor the command
/// without --overwrite would be right. Without --overwrite, a run that has not been replaced yet
/// would count as a run of this sweep. With --overwrite, the finished runs of this sweep would be
/// computed again.
std::string ResumeCommands(const std::vector<SweepRun>& runs) {
  std::vector<const SweepRun*> old_runs;
  std::string begun;
  for (const SweepRun& run : runs) {
    if (HoldsOldRun(run)) {
      old_runs.push_back(&run);
    } else if (begun.empty() && HoldsItsSpec(run)) {
      begun = run.directory;
    }
  }
  const std::string of_all = ResumeCommand(begun);
  if (old_runs.empty()) return of_all;
  if (old_runs.size() == runs.size()) return TypedCommand({});
  std::vector<std::string> commands = CommandsToReplace(old_runs);
  commands.push_back(of_all);
  return absl::StrJoin(commands, " &&\n  ");
}

std::vector<RunResult> Results(const std::vector<SweepRun>& runs) {
  std::vector<RunResult> results;
  for (const SweepRun& run : runs) {
    if (run.error.empty()) results.push_back(run.result);
  }
  return results;
}

/// The grid of the finished runs. Empty without --grid, and if fewer than two combinations have a
/// finished run.
ResultsTable GridTable(const std::vector<SweepRun>& runs) {
  std::vector<FinishedRun> finished;
  for (const SweepRun& run : runs) {
    if (!run.error.empty()) continue;
    std::unique_ptr<Message> spec(run.spec->New());
    spec->CopyFrom(*run.spec);
    finished.push_back({std::move(spec), run.result});
  }
  ResultsTable table;
  for (const ResultsGrid& grid : GridsOf(finished)) *table.add_grids() = grid;
  return table;
}

bool HasGrid(const std::vector<SweepRun>& runs) { return !runs.front().combination.empty(); }

std::string JsonOf(const std::vector<SweepRun>& runs, const std::vector<std::string>& notes) {
  Json results = Json::List(), failed_seeds = Json::List(), failed_runs = Json::List();
  for (const SweepRun& run : runs) {
    if (run.error.empty()) {
      results.Append(Json::Of(run.result));
    } else {
      failed_seeds.Append(Json::Whole(run.seed));
      failed_runs.Append(Json::Text(run.directory));
    }
  }
  Json mean = Json::Object(), deviation = Json::Object();
  if (!HasGrid(runs)) {  // a mean over other settings would say nothing
    constexpr int kDigits = 10;
    for (const ColumnSummary& column : SummarizeResults(Results(runs))) {
      mean.Set(column.name, Json::Significant(column.mean, kDigits));
      deviation.Set(column.name, Json::Significant(column.deviation, kDigits));
    }
  }
  const ResultsTable table = GridTable(runs);
  Json grids = Json::List();
  for (const ResultsGrid& grid : table.grids()) grids.Append(Json::Of(grid));
  return Json::Object()
      .Set("runs", std::move(results))
      .Set("failed_seeds", std::move(failed_seeds))
      .Set("mean", std::move(mean))
      .Set("deviation", std::move(deviation))
      .Set("notes", Json::Texts(notes))
      .Set("failed_runs", std::move(failed_runs))
      .Set("grids", std::move(grids))
      .Line();
}

/// Prints a row for each run, with its number in each column. In a sweep without a grid, the mean
/// and the standard deviation follow below. Otherwise, the grid follows.
void PrintTable(const std::vector<SweepRun>& runs) {
  std::vector<RunResult> results = Results(runs);
  for (RunResult& result : results) {
    if (HasTop5(result)) continue;
    result.clear_supernet_top5();
    result.clear_test_top5();
  }
  const bool has_grid = HasGrid(runs);
  const auto head_of = [&](const SweepRun& run) {
    return has_grid ? run.label : absl::StrCat(run.seed);
  };
  size_t width = 8;
  for (const SweepRun& run : runs) width = std::max(width, head_of(run).size());
  const auto print_head = [&](const std::string& head) {
    std::cout << absl::StrFormat("%-*s", static_cast<int>(width), head);
  };
  const std::vector<ColumnSummary> columns = SummarizeResults(results);
  print_head(has_grid ? "run" : "seed");
  for (const ColumnSummary& column : columns) std::cout << absl::StrFormat(" %20s", column.name);
  std::cout << "  genotype\n";
  size_t finished = 0;
  for (const SweepRun& run : runs) {
    print_head(head_of(run));
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
  if (has_grid) {
    std::cout << GridsMarkdown(GridTable(runs));
    return;
  }
  const auto row = [&](const char* name, double ColumnSummary::*value) {
    print_head(name);
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

/// Changes the spec to the complete spec that a run would write, and checks that runs of the spec
/// can begin.
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

/// The spec of --spec with the flags that all runs share. \error as ReadAnySpecFile and ApplyFlags.
absl::StatusOr<std::unique_ptr<Message>> SpecFromFlags() {
  PDARTS_ASSIGN_OR_RETURN(std::unique_ptr<Message> spec,
                          ReadAnySpecFile(UserPath(absl::GetFlag(FLAGS_spec))));
  PDARTS_RETURN_IF_ERROR(ApplyFlags(spec.get()));
  for (const std::string& assignment : absl::GetFlag(FLAGS_set).values) {
    if (absl::StartsWith(assignment, "seed=")) {
      std::cerr << "note: the seeds are those of --seeds; --set=" << assignment
                << " changes nothing\n";
    }
  }
  return spec;
}

/// The folder in which the run directories are made.
std::string OutputFolder() {
  const std::string folder = absl::GetFlag(FLAGS_output_dir);
  return UserPath(folder.empty() ? "runs" : folder);
}

/// All runs of the flags, with their specs, and with the results of the runs that are finished. The
/// function writes no files. \error if a flag or a spec is wrong; as FindFinishedRun.
absl::StatusOr<std::vector<SweepRun>> PlanRuns(const std::vector<int64_t>& seeds,
                                               const std::vector<GridField>& grid) {
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<Message> base, SpecFromFlags());
  std::vector<SweepRun> runs;
  for (const Combination& combination : CombinationsOf(grid)) {
    std::unique_ptr<Message> spec(base->New());
    spec->CopyFrom(*base);
    for (const std::string& setting : combination) {
      PDARTS_RETURN_IF_ERROR(Annotate(SetField(spec.get(), setting), "--grid"));
    }
    SetGrid(combination, spec.get());
    const absl::Status checked = CompleteAndCheck(spec.get());
    if (!checked.ok() && !combination.empty()) {
      return Annotate(checked, absl::StrCat("--grid: ", absl::StrJoin(combination, ", ")));
    }
    PDARTS_RETURN_IF_ERROR(checked);
    for (const int64_t seed : seeds) {
      SweepRun& run = runs.emplace_back();
      run.seed = seed;
      run.combination = combination;
      std::vector<std::string> label = combination;
      label.push_back(absl::StrCat("seed ", seed));
      run.label = absl::StrJoin(label, ", ");
      run.spec.reset(spec->New());
      run.spec->CopyFrom(*spec);
      PDARTS_RETURN_IF_ERROR(SetField(run.spec.get(), absl::StrCat("seed=", seed)));
      run.directory = absl::StrCat(
          OutputFolder(), "/",
          RunName(absl::StrCat(NameOf(*spec), DirectorySuffix(grid, combination)), seed));
      if (absl::GetFlag(FLAGS_overwrite)) {
        run.spec_to_replace = VersionOf(RunSpecFile(run.directory));
        continue;
      }
      PDARTS_ASSIGN_OR_RETURN(const std::optional<RunResult> result,
                              FindFinishedRun(run.directory, *run.spec));
      if (!result) continue;
      run.finished_before = true;
      run.result = *result;
      std::cerr << run.label << ": finished before, " << run.directory << "\n";
    }
  }
  return runs;
}

/// Prints on standard error what the user should know about the results. Returns the notes.
std::vector<std::string> NotesOn(const std::vector<SweepRun>& runs) {
  std::vector<std::string> notes;
  for (const std::string& difference : OriginDifferences(Results(runs))) {
    notes.push_back(absl::StrCat("the runs differ in their ", difference));
  }
  for (const SweepRun& run : runs) {
    const std::string note = run.error.empty() ? DecidedNothing(run.result) : "";
    if (!note.empty()) notes.push_back(absl::StrCat(run.label, ": ", note));
  }
  for (const std::string& note : notes) std::cerr << "note: " << note << "\n";
  return notes;
}

/// Prints the results of the runs. \error kInternal naming the runs that failed.
absl::Status PrintRuns(const std::vector<SweepRun>& runs) {
  const std::vector<std::string> notes = NotesOn(runs);
  if (absl::GetFlag(FLAGS_json)) {
    std::cout << JsonOf(runs, notes) << "\n";
  } else {
    PrintTable(runs);
  }
  const bool has_grid = HasGrid(runs);
  std::vector<std::string> failed;
  for (const SweepRun& run : runs) {
    if (run.error.empty()) continue;
    failed.push_back(has_grid ? run.label : absl::StrCat(run.seed));
  }
  if (failed.empty()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("these ", has_grid ? "runs" : "seeds", " failed: ",
                                          absl::StrJoin(failed, has_grid ? "; " : ", "),
                                          "; this runs them again:\n  ", ResumeCommands(runs)));
}

/// Checks the flags that have a meaning with one launcher only. \error kInvalidArgument naming a
/// flag that was given with the other launcher, or a wrong value.
absl::Status CheckLauncherFlags() {
  const std::string launcher = absl::GetFlag(FLAGS_launcher);
  if (launcher != "local" && launcher != "slurm") {
    return absl::InvalidArgumentError(
        absl::StrCat("--launcher: \"", launcher, "\" is not local or slurm"));
  }
  if (absl::GetFlag(FLAGS_array_limit) < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("--array_limit: ", absl::GetFlag(FLAGS_array_limit), " is negative"));
  }
  if (launcher == "slurm" && absl::GetFlag(FLAGS_jobs) != 1) {
    return absl::InvalidArgumentError(
        "--jobs: only --launcher=local takes it; with slurm, --array_limit=N is the most runs at a "
        "time");
  }
  if (launcher == "slurm") return absl::OkStatus();
  const char* of_slurm = !absl::GetFlag(FLAGS_launcher_options).empty() ? "--launcher_options"
                         : absl::GetFlag(FLAGS_array_limit) != 0        ? "--array_limit"
                         : absl::GetFlag(FLAGS_detach)                  ? "--detach"
                                                                        : nullptr;
  if (of_slurm == nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(of_slurm, ": only --launcher=slurm takes it"));
}

/// Prints the results so far of the sweeps that were submitted to Slurm.
absl::Status PrintSubmittedSweeps() {
  PDARTS_ASSIGN_OR_RETURN(const SweepsReport report, ReportSweeps(OutputFolder()));
  if (!PrintedAsJson(report)) std::cout << SweepsText(report);
  return absl::OkStatus();
}

/// Prints the status for --status.
absl::Status PrintStatus() {
  if (!absl::GetFlag(FLAGS_spec).empty() || !absl::GetFlag(FLAGS_seeds).empty()) {
    return absl::InvalidArgumentError(
        "--status shows all sweeps in --output_dir=DIR; it takes no --spec and no --seeds");
  }
  return PrintSubmittedSweeps();
}

absl::Status Sweep(const std::vector<std::string>&) {
  if (absl::GetFlag(FLAGS_status)) return PrintStatus();
  if (absl::GetFlag(FLAGS_spec).empty()) {
    return absl::InvalidArgumentError("sweep needs --spec=FILE");
  }
  PDARTS_RETURN_IF_ERROR(CheckLauncherFlags());
  RunQueueOptions queue;
  queue.command = "sweep";
  PDARTS_ASSIGN_OR_RETURN(queue.jobs, JobsFromFlags());
  PDARTS_ASSIGN_OR_RETURN(const std::vector<int64_t> seeds, SeedsFromFlags());
  if (seeds.empty()) return absl::InvalidArgumentError("sweep needs --seeds=1,3,5");
  PDARTS_ASSIGN_OR_RETURN(const std::vector<GridField> grid,
                          ParseGrid(absl::GetFlag(FLAGS_grid).values));
  PDARTS_ASSIGN_OR_RETURN(std::vector<SweepRun> runs, PlanRuns(seeds, grid));
  std::vector<QueuedRun*> queued;
  for (SweepRun& run : runs) queued.push_back(&run);
  if (absl::GetFlag(FLAGS_launcher) == "slurm") {
    SlurmSweepOptions slurm;
    slurm.folder = OutputFolder();
    slurm.name = NameOf(*runs.front().spec);
    slurm.sbatch_options = absl::GetFlag(FLAGS_launcher_options);
    slurm.array_limit = absl::GetFlag(FLAGS_array_limit);
    slurm.detach = absl::GetFlag(FLAGS_detach);
    PDARTS_RETURN_IF_ERROR(RunOnSlurm(queued, slurm));
    if (!slurm.detach) return PrintRuns(runs);
    return absl::GetFlag(FLAGS_json) ? PrintSubmittedSweeps() : absl::OkStatus();
  }
  queue.resume_command = [&runs] { return ResumeCommands(runs); };
  PDARTS_RETURN_IF_ERROR(RunAll(queued, queue));
  return PrintRuns(runs);
}

}  // namespace

Command SweepCommand() {
  return {
      "sweep",
      "--spec=FILE --seeds=1,3,5|--status",
      "run a search or a training with several seeds and settings, and print means and standard "
      "deviations",
      {"spec", "seeds", "grid", "launcher", "launcher_options", "array_limit", "detach", "status",
       "jobs", "data_dir", "output_dir", "device", "threads", "set", "overwrite",
       "checkpoint_minutes", "allow_swap", "json"},
      &Sweep,
      /*takes_arguments=*/false,
      {{"--spec=mine.textproto --seeds=1,2 --grid=search.alphas.learning_rate=6e-4,3e-3",
        "two seeds of each learning rate, one run after the other"},
       {"--spec=mine.textproto --seeds=1,2,3 --launcher=slurm --launcher_options=--time=240",
        "three tasks of a job array of Slurm"}},
      {{"output_dir", "DIR: folder that gets the directories of the runs (default: runs)"}}};
}

}  // namespace pdarts
