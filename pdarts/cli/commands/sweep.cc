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
#include "absl/strings/str_join.h"
#include "google/protobuf/message.h"
#include "pdarts/base/shell_text.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/child_run_flags.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/grid_flag.h"
#include "pdarts/cli/session_flags.h"
#include "pdarts/core/spec.h"
#include "pdarts/runs/any_spec.h"
#include "pdarts/sweeps/run_queue.h"
#include "pdarts/sweeps/slurm_sweep.h"
#include "pdarts/sweeps/sweep.pb.h"
#include "pdarts/sweeps/sweep_plan.h"
#include "pdarts/sweeps/sweep_results.h"

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
  const SweepRemainder remainder = RemainderOf(runs);
  const std::string of_all = ResumeCommand(remainder.begun);
  if (remainder.old_runs.empty()) return of_all;
  if (remainder.old_runs.size() == runs.size()) return TypedCommand({});
  std::vector<std::string> commands = CommandsToReplace(remainder.old_runs);
  commands.push_back(of_all);
  return absl::StrJoin(commands, " &&\n  ");
}

/// The spec of --spec with the flags that all runs share. \error as ReadAnySpecFile and ApplyFlags.
absl::StatusOr<std::unique_ptr<Message>> SpecFromFlags() {
  PDARTS_ASSIGN_OR_RETURN(std::unique_ptr<Message> spec,
                          ReadAnySpecFile(UserPath(absl::GetFlag(FLAGS_spec))));
  PDARTS_RETURN_IF_ERROR(ApplyFlags(spec.get()));
  for (const std::string& assignment : absl::GetFlag(FLAGS_set).values) {
    if (absl::StartsWith(assignment, "seed=")) {
      Tell(
          {absl::StrCat("the seeds are those of --seeds; --set=", assignment, " changes nothing")});
    }
  }
  return spec;
}

/// The folder in which the run directories are made.
std::string OutputFolder() {
  const std::string folder = absl::GetFlag(FLAGS_output_dir);
  return UserPath(folder.empty() ? "runs" : folder);
}

/// Prints the results of the runs. \error kInternal naming the runs that failed.
absl::Status PrintRuns(const std::vector<SweepRun>& runs) {
  const std::vector<std::string> notes = SweepNotes(runs);
  Tell(notes);
  if (absl::GetFlag(FLAGS_json)) {
    std::cout << SweepJson(runs, notes) << "\n";
  } else {
    PrintSweepTable(runs, &std::cout);
  }
  const bool has_grid = HasGrid(runs);
  const std::vector<std::string> failed = FailedRuns(runs);
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
  queue.child = ChildRunOptionsFromFlags();
  queue.messages = &std::cerr;
  PDARTS_ASSIGN_OR_RETURN(queue.jobs, JobsFromFlags());
  PDARTS_ASSIGN_OR_RETURN(const std::vector<int64_t> seeds, SeedsFromFlags());
  if (seeds.empty()) return absl::InvalidArgumentError("sweep needs --seeds=1,3,5");
  PDARTS_ASSIGN_OR_RETURN(const std::vector<GridField> grid,
                          ParseGrid(absl::GetFlag(FLAGS_grid).values));
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<Message> spec, SpecFromFlags());
  SweepOptions options;
  options.spec = spec.get();
  options.seeds = seeds;
  options.grid = grid;
  options.folder = OutputFolder();
  options.overwrite = absl::GetFlag(FLAGS_overwrite);
  options.messages = &std::cerr;
  PDARTS_ASSIGN_OR_RETURN(std::vector<SweepRun> runs, PlanSweep(options));
  std::vector<QueuedRun*> queued;
  for (SweepRun& run : runs) queued.push_back(&run);
  if (absl::GetFlag(FLAGS_launcher) == "slurm") {
    SlurmSweepOptions slurm;
    slurm.folder = options.folder;
    slurm.name = NameOfSpec(*runs.front().spec);
    slurm.sbatch_options = absl::GetFlag(FLAGS_launcher_options);
    slurm.array_limit = absl::GetFlag(FLAGS_array_limit);
    slurm.detach = absl::GetFlag(FLAGS_detach);
    slurm.child = queue.child;
    slurm.resume_command = [] { return ResumeCommand(""); };
    slurm.messages = queue.messages;
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
