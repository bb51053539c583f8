#include "pdarts/report/run_files.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/edge_probabilities.h"
#include "pdarts/core/experiment.h"
#include "pdarts/report/log_lines.h"
#include "pdarts/report/pictures.h"
#include "pdarts/runs/run_architecture.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/run_names.h"
#include "pdarts/trainers/search_trainer.h"

namespace pdarts {
namespace {

constexpr char kEpoch[] = "epoch";
constexpr char kStageBegin[] = "stage_begin";

/// \error kDataLoss unless the event belongs to a stage and an epoch of the schedule, after `last`.
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

absl::Status ReadLog(const ProgressiveSchedule& schedule, RunFiles* run) {
  LogEvent last;
  return ForEachLogLine<LogEvent>(run->path, [&](const LogEvent& event) -> absl::Status {
    const bool is_epoch = event.event() == kEpoch;
    if (!is_epoch && event.event() != kStageBegin) return absl::OkStatus();
    PDARTS_RETURN_IF_ERROR(CheckPlace(event, schedule, last));
    if (is_epoch) {
      run->epochs.push_back({event, std::nullopt});
    } else {
      run->stages.push_back(event);
    }
    last = event;
    return absl::OkStatus();
  });
}

/// Derives an architecture after each epoch. For a search that is not finished, the architecture of
/// the last epoch is also the architecture of the run.
absl::Status DeriveEveryEpoch(const Experiment& experiment, RunFiles* run) {
  const Topology& topology = experiment.space->topology();
  run->topology = topology;
  std::vector<PrunedStage> history;
  StageEdges before;
  for (size_t i = 0; i < run->epochs.size(); ++i) {
    EpochRecord& epoch = run->epochs[i];
    absl::StatusOr<StageEdges> edges = DecodeEdges(epoch.event.probabilities(), topology);
    if (!edges.ok()) {
      return Annotate(edges.status(),
                      absl::StrCat(run->path, "/", kLogFile, ": stage ", epoch.event.stage(),
                                   ", epoch ", epoch.event.epoch()));
    }
    if (i > 0 && epoch.event.stage() != run->epochs[i - 1].event.stage()) {
      history.push_back({before, edges->candidates});
    }
    before = *std::move(edges);
    absl::StatusOr<Derivation> derivation = experiment.space->Derive(
        before.candidates, before.probabilities, experiment.derivation_options);
    if (absl::IsInvalidArgument(derivation.status())) continue;  // too early to derive one
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

absl::StatusOr<RunFiles> ReadRunFiles(const std::string& path) {
  RunFiles run;
  run.path = path;
  PDARTS_ASSIGN_OR_RETURN(run.spec, ReadRunSpec(path));
  ExperimentSpec spec = run.spec;
  spec.clear_benchmark();  // the log has its answers
  absl::StatusOr<Experiment> experiment = MakeExperiment(std::move(spec));
  if (!experiment.ok()) return Annotate(experiment.status(), path);
  run.classes = experiment->dataset->num_classes();
  PDARTS_ASSIGN_OR_RETURN(run.initial, experiment->space->InitialCandidates());
  PDARTS_RETURN_IF_ERROR(ReadLog(*experiment->schedule, &run));
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
  PDARTS_ASSIGN_OR_RETURN(run.samples, FindSamples(path));
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
