#include "pdarts/report/run_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/util/json_util.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/runs/run_directory.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> ReadText(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

absl::Status ParseJson(const std::string& text, google::protobuf::Message* message) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto status = google::protobuf::util::JsonStringToMessage(text, message, options);
  if (status.ok()) return absl::OkStatus();
  return absl::DataLossError(status.ToString());
}

/// Where a line stands in a run, for lines that a resumed run writes again.
bool SamePosition(const LogEvent& a, const LogEvent& b) {
  return a.stage() == b.stage() && a.epoch() == b.epoch();
}

void AddEvent(LogEvent event, RunFiles* run) {
  if (event.event() == "stage_begin") {
    if (!run->stages.empty() && SamePosition(run->stages.back(), event)) run->stages.pop_back();
    run->stages.push_back(std::move(event));
  } else if (event.event() == "epoch") {
    if (!run->epochs.empty() && SamePosition(run->epochs.back().event, event)) {
      run->epochs.pop_back();
    }
    run->epochs.push_back({std::move(event), std::nullopt});
  }
}

absl::Status ReadLog(const fs::path& file, RunFiles* run) {
  const std::optional<std::string> text = ReadText(file);
  if (!text) return absl::OkStatus();  // a run that has only just begun
  const std::vector<absl::string_view> lines = absl::StrSplit(*text, '\n');
  // What follows the last line end is empty, or a line that isn't whole yet.
  for (size_t i = 0; i + 1 < lines.size(); ++i) {
    LogEvent event;
    PDARTS_RETURN_IF_ERROR(Annotate(ParseJson(std::string(lines[i]), &event),
                                    absl::StrCat(file.string(), ":", i + 1)));
    AddEvent(std::move(event), run);
  }
  return absl::OkStatus();
}

/// The candidates and probabilities of a log line.
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
  return absl::OkStatus();
}

absl::StatusOr<Derivation> DeriveAfter(const LogEvent& event, const Experiment& experiment) {
  Candidates candidates;
  EdgeProbabilities probabilities;
  PDARTS_RETURN_IF_ERROR(
      ReadProbabilities(event, experiment.space->topology(), &candidates, &probabilities));
  return experiment.space->Derive(candidates, probabilities, experiment.MakeDerivationOptions());
}

/// Fills in what the run's search space knows.
absl::Status DeriveEveryEpoch(const Experiment& experiment, RunFiles* run) {
  run->topology = experiment.space->topology();
  for (EpochRecord& epoch : run->epochs) {
    absl::StatusOr<Derivation> derivation = DeriveAfter(epoch.event, experiment);
    if (!derivation.ok()) continue;  // nothing may be derived yet
    epoch.derived = derivation->architecture;
    if (run->finished_search || &epoch != &run->epochs.back()) continue;
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
  PDARTS_ASSIGN_OR_RETURN(ExperimentSpec spec, ReadRunSpec(path));
  run.name = spec.name();
  run.description = spec.description();
  run.seed = spec.seed();
  run.spec_text = ReadText(fs::path(path) / "spec.textproto").value_or("");
  PDARTS_RETURN_IF_ERROR(ReadLog(fs::path(path) / "log.jsonl", &run));
  absl::StatusOr<DerivedArchitecture> found = ReadRunArchitecture(path);
  if (found.ok()) {
    run.found = std::move(*found);
    run.finished_search = true;
  } else if (!absl::IsNotFound(found.status())) {
    return found.status();
  }
  if (const auto text = ReadText(fs::path(path) / "result.json")) {
    run.result.emplace();
    PDARTS_RETURN_IF_ERROR(
        Annotate(ParseJson(*text, &*run.result), absl::StrCat(path, "/result.json")));
  }
  spec.clear_benchmark();  // its answers stand in the log
  PDARTS_ASSIGN_OR_RETURN(const Experiment experiment, MakeExperiment(std::move(spec)));
  PDARTS_RETURN_IF_ERROR(DeriveEveryEpoch(experiment, &run));
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
