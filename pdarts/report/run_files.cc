#include "pdarts/report/run_files.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/file.h"
#include "pdarts/core/json.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/runs/run_architecture.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/trainers/search_trainer.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;

constexpr char kEpoch[] = "epoch";
constexpr char kStageBegin[] = "stage_begin";

/// \error kDataLoss unless the event is of a stage and an epoch of the schedule, after `last`.
absl::Status CheckPlace(const LogEvent& event, const ProgressiveSchedule& schedule,
                        const LogEvent& last) {
  const bool in_stage = event.stage() >= 1 && event.stage() <= schedule.num_stages();
  const bool is_epoch = event.event() == kEpoch;
  const int epochs = in_stage && is_epoch ? schedule.stage(event.stage() - 1).epochs : 0;
  if (!in_stage || event.epoch() < (is_epoch ? 1 : 0) || event.epoch() > epochs) {
    return absl::DataLossError(absl::StrCat("stage ", event.stage(), ", epoch ", event.epoch(),
                                            " is not of the spec's schedule"));
  }
  if (std::make_pair(event.stage(), event.epoch()) > std::make_pair(last.stage(), last.epoch())) {
    return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrCat("stage ", event.stage(), ", epoch ", event.epoch(),
                                          " stands after stage ", last.stage(), ", epoch ",
                                          last.epoch()));
}

absl::Status ReadLog(const fs::path& file, const ProgressiveSchedule& schedule, RunFiles* run) {
  const absl::StatusOr<std::string> text = ReadFile(file.string());
  if (absl::IsNotFound(text.status())) return absl::OkStatus();  // a run that has only just begun
  PDARTS_RETURN_IF_ERROR(text.status());
  LogEvent last;
  const std::vector<absl::string_view> lines = absl::StrSplit(*text, '\n');
  // What follows the last line end is empty, or a line that isn't whole yet.
  for (size_t i = 0; i + 1 < lines.size(); ++i) {
    const std::string where = absl::StrCat(file.string(), ":", i + 1);
    LogEvent event;
    PDARTS_RETURN_IF_ERROR(Annotate(ParseJson(std::string(lines[i]), &event), where));
    const bool is_epoch = event.event() == kEpoch;
    if (!is_epoch && event.event() != kStageBegin) continue;
    PDARTS_RETURN_IF_ERROR(Annotate(CheckPlace(event, schedule, last), where));
    if (is_epoch) {
      run->epochs.push_back({event, std::nullopt});
    } else {
      run->stages.push_back(event);
    }
    last = std::move(event);
  }
  return absl::OkStatus();
}

/// Derives what each epoch would, and where the search isn't finished tells it of the last one.
absl::Status DeriveEveryEpoch(const Experiment& experiment, RunFiles* run) {
  const Topology& topology = experiment.space->topology();
  run->topology = topology;
  std::vector<PrunedStage> history;
  Candidates candidates_before;
  EdgeProbabilities probabilities_before;
  for (size_t i = 0; i < run->epochs.size(); ++i) {
    EpochRecord& epoch = run->epochs[i];
    Candidates candidates;
    EdgeProbabilities probabilities;
    PDARTS_RETURN_IF_ERROR(
        Annotate(ReadProbabilities(epoch.event, topology, &candidates, &probabilities),
                 absl::StrCat(run->path, "/log.jsonl: stage ", epoch.event.stage(), ", epoch ",
                              epoch.event.epoch())));
    if (i > 0 && epoch.event.stage() != run->epochs[i - 1].event.stage()) {
      history.push_back({candidates_before, probabilities_before, candidates});
    }
    candidates_before = candidates;
    probabilities_before = probabilities;
    absl::StatusOr<Derivation> derivation =
        experiment.space->Derive(candidates, probabilities, experiment.derivation_options);
    if (absl::IsInvalidArgument(derivation.status())) continue;  // nothing may be derived yet
    PDARTS_RETURN_IF_ERROR(derivation.status());
    epoch.derived = derivation->architecture;
    if (run->finished_search || i + 1 < run->epochs.size()) continue;
    AddPruningHistory(topology, history, &derivation->trace);
    run->found.emplace();
    *run->found->mutable_trace() = std::move(derivation->trace);
    *run->found->mutable_architecture() = std::move(derivation->architecture);
    PDARTS_ASSIGN_OR_RETURN(*run->found->mutable_text(),
                            experiment.space->Format(run->found->architecture()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadProbabilities(const LogEvent& event, const Topology& topology,
                               Candidates* candidates, EdgeProbabilities* probabilities) {
  for (const CellKind& kind : topology.kinds) {
    const auto cell =
        std::find_if(event.probabilities().begin(), event.probabilities().end(),
                     [&](const CellProbabilities& c) { return c.cell_kind() == kind.name; });
    if (cell == event.probabilities().end()) {
      return absl::DataLossError(absl::StrCat("no probabilities of the ", kind.name, " cell"));
    }
    candidates->emplace_back();
    probabilities->emplace_back();
    for (const EdgeCandidateProbabilities& edge : cell->edges()) {
      candidates->back().emplace_back();
      for (const std::string& operation : edge.operations()) {
        candidates->back().back().push_back(OperationIndex(kind, operation));
      }
      probabilities->back().emplace_back(edge.probabilities().begin(), edge.probabilities().end());
    }
  }
  absl::Status fits = CheckCandidates(topology, *candidates);
  fits.Update(CheckProbabilities(*candidates, *probabilities));
  return fits.ok() ? fits : absl::DataLossError(fits.message());
}

absl::StatusOr<RunFiles> ReadRunFiles(const std::string& path) {
  RunFiles run;
  run.path = path;
  PDARTS_ASSIGN_OR_RETURN(run.spec, ReadRunSpec(path));
  ExperimentSpec spec = run.spec;
  spec.clear_benchmark();  // its answers stand in the log
  absl::StatusOr<Experiment> experiment = MakeExperiment(std::move(spec));
  if (!experiment.ok()) return Annotate(experiment.status(), path);
  PDARTS_RETURN_IF_ERROR(ReadLog(fs::path(path) / "log.jsonl", *experiment->schedule, &run));
  absl::StatusOr<DerivedArchitecture> found = ReadRunDerivation(path, *experiment);
  if (found.ok()) {
    run.found = std::move(*found);
    run.finished_search = true;
  } else if (!absl::IsNotFound(found.status())) {
    return found.status();
  }
  absl::StatusOr<RunResult> result = ReadRunResult(path);
  if (result.ok()) {
    run.result = std::move(*result);
  } else if (!absl::IsNotFound(result.status())) {
    return result.status();
  }
  PDARTS_RETURN_IF_ERROR(DeriveEveryEpoch(*experiment, &run));
  return run;
}

std::vector<std::pair<std::string, int>> CountOperation(const Architecture& architecture,
                                                        const std::string& operation) {
  std::vector<std::pair<std::string, int>> counts;
  for (const CellArchitecture& cell : architecture.cells()) {
    counts.emplace_back(cell.kind(), std::count_if(cell.edges().begin(), cell.edges().end(),
                                                   [&](const ArchitectureEdge& e) {
                                                     return e.operation() == operation;
                                                   }));
  }
  return counts;
}

}  // namespace pdarts
