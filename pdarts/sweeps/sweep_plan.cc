#include "pdarts/sweeps/sweep_plan.h"

#include <sys/stat.h>

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/training.h"
#include "pdarts/runs/any_spec.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/run_names.h"

namespace pdarts {
namespace {

using google::protobuf::Message;

std::optional<FileVersion> VersionOf(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileVersion{status.st_ino, status.st_ctim};
}

/// Whether the directory still holds the run that --overwrite will replace.
bool HoldsOldRun(const SweepRun& run) {
  return run.spec_to_replace && run.spec_to_replace == VersionOf(RunSpecFile(run.directory));
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

}  // namespace

absl::StatusOr<std::vector<SweepRun>> PlanSweep(const SweepOptions& options) {
  std::vector<SweepRun> runs;
  for (const Combination& combination : CombinationsOf(options.grid)) {
    std::unique_ptr<Message> spec(options.spec->New());
    spec->CopyFrom(*options.spec);
    for (const std::string& setting : combination) {
      PDARTS_RETURN_IF_ERROR(Annotate(SetField(spec.get(), setting), "--grid"));
    }
    SetGrid(combination, spec.get());
    const absl::Status checked = CompleteAndCheck(spec.get());
    if (!checked.ok() && !combination.empty()) {
      return Annotate(checked, absl::StrCat("--grid: ", absl::StrJoin(combination, ", ")));
    }
    PDARTS_RETURN_IF_ERROR(checked);
    for (const int64_t seed : options.seeds) {
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
          options.folder, "/",
          RunName(absl::StrCat(NameOfSpec(*spec), DirectorySuffix(options.grid, combination)),
                  seed));
      if (options.overwrite) {
        run.spec_to_replace = VersionOf(RunSpecFile(run.directory));
        continue;
      }
      PDARTS_ASSIGN_OR_RETURN(const std::optional<RunResult> result,
                              FindFinishedRun(run.directory, *run.spec));
      if (!result) continue;
      run.finished_before = true;
      run.result = *result;
      *options.messages << run.label << ": finished before, " << run.directory << "\n";
    }
  }
  return runs;
}

SweepRemainder RemainderOf(const std::vector<SweepRun>& runs) {
  SweepRemainder remainder;
  for (const SweepRun& run : runs) {
    if (HoldsOldRun(run)) {
      remainder.old_runs.push_back(&run);
    } else if (remainder.begun.empty() && HoldsItsSpec(run)) {
      remainder.begun = run.directory;
    }
  }
  return remainder;
}

std::string NameOfSpec(const Message& spec) {
  return IsTraining(spec) ? static_cast<const TrainSpec&>(spec).name()
                          : static_cast<const ExperimentSpec&>(spec).name();
}

}  // namespace pdarts
