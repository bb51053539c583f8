#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/core/trace_check.h"
#include "pdarts/runs/run_architecture.h"
#include "pdarts/runs/run_directory.h"

namespace pdarts {
namespace {

void PrintTrace(const DerivationTrace& trace) {
  for (const EdgeDecision& edge : trace.edges()) {
    std::vector<std::string> candidates;
    for (int i = 0; i < edge.candidates_size() && i < edge.probabilities_size(); ++i) {
      candidates.push_back(absl::StrFormat("%s %.4f", edge.candidates(i), edge.probabilities(i)));
    }
    std::cout << absl::StrFormat("%-7s edge %2d  %d -> %d  %-4s %-14s (%s)\n", edge.cell_kind(),
                                 edge.edge(), edge.from(), edge.to(), edge.kept() ? "kept" : "",
                                 edge.operation(), absl::StrJoin(candidates, ", "));
  }
  for (const LimitStep& step : trace.limit_steps()) {
    std::cout << absl::StrFormat(
        "%s cell held %d %s, at most %d allowed: edge %d %s (probability %.4f)\n", step.cell_kind(),
        step.count(), step.operation(), step.max(), step.edge(),
        step.stays()                 ? "keeps it, having no other candidate than none"
        : step.replacement().empty() ? "gave up its place"
                                     : absl::StrCat("took ", step.replacement(), " instead"),
        step.probability());
  }
  for (const std::string& note : trace.notes()) std::cout << "note: " << note << "\n";
}

absl::Status Derive(const std::vector<std::string>&) {
  const std::string run = absl::GetFlag(FLAGS_run);
  if (run.empty()) return absl::InvalidArgumentError("derive needs --run=DIR");
  PDARTS_ASSIGN_OR_RETURN(ExperimentSpec spec, ReadRunSpec(UserPath(run)));
  ExperimentSpec before = spec;
  before.clear_benchmark();  // its table may be elsewhere now
  PDARTS_ASSIGN_OR_RETURN(const Experiment searched, MakeExperiment(std::move(before)));
  PDARTS_ASSIGN_OR_RETURN(const DerivedArchitecture old,
                          ReadRunDerivation(UserPath(run), searched));
  PDARTS_RETURN_IF_ERROR(ApplyFlags(&spec));
  PDARTS_ASSIGN_OR_RETURN(const Experiment experiment, MakeExperiment(std::move(spec)));
  const LastStage last = LastStageOf(searched.space->topology(), old.trace());
  PDARTS_ASSIGN_OR_RETURN(
      const Derivation derivation,
      experiment.space->Derive(last.candidates, last.probabilities, experiment.derivation_options));
  DerivedArchitecture derived;
  *derived.mutable_architecture() = derivation.architecture;
  *derived.mutable_trace() = derivation.trace;
  PDARTS_ASSIGN_OR_RETURN(*derived.mutable_text(),
                          experiment.space->Format(derivation.architecture));
  if (absl::GetFlag(FLAGS_json)) {
    std::cout << ToJsonLine(derived) << "\n";
  } else {
    std::cout << derived.text() << "\n\n";
    PrintTrace(derived.trace());
  }
  return absl::OkStatus();
}

}  // namespace

Command DeriveCommand() {
  return {"derive",
          "--run=DIR",
          "derive again from a run's probabilities, with other options",
          {"run", "set", "json"},
          &Derive,
          /*takes_arguments=*/false,
          {{"--run=runs/quickstart-seed1 --set=regularizers[skip_limit].max=4",
            "with more skip connections in a cell"},
           {"--run=runs/quickstart-seed1 --json", "as the run derived it, for a script"}}};
}

}  // namespace pdarts
