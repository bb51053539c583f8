#include <sys/stat.h>

#include <iostream>
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
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/run_queue.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/json.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/core/training.h"
#include "pdarts/runs/any_spec.h"
#include "pdarts/runs/result_summary.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/search_decision.h"

namespace pdarts {
namespace {

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
struct SweepRun : QueuedRun {
  int64_t seed = 0;
  std::optional<FileVersion> spec_to_replace;  ///< of the run that --overwrite replaces
};

/// Whether the directory still holds the run that --overwrite replaces.
bool HoldsOldRun(const SweepRun& run) {
  return run.spec_to_replace && run.spec_to_replace == VersionOf(RunSpecFile(run.directory));
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
  RunQueueOptions queue;
  queue.command = "sweep";
  PDARTS_ASSIGN_OR_RETURN(queue.jobs, JobsFromFlags());
  PDARTS_ASSIGN_OR_RETURN(const std::vector<int64_t> seeds, SeedsFromFlags());
  if (seeds.empty()) return absl::InvalidArgumentError("sweep needs --seeds=1,3,5");

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
    run.label = absl::StrCat("seed ", seed);
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
  std::vector<QueuedRun*> queued;
  for (SweepRun& run : runs) queued.push_back(&run);
  queue.command_to_go_on = [&runs] { return CommandsToGoOn(runs); };
  PDARTS_RETURN_IF_ERROR(RunAll(queued, queue));

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
