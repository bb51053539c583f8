#include <algorithm>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/message.h"
#include "pdarts/base/file.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/alphas_file.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/network_flags.h"
#include "pdarts/cli/session_flags.h"
#include "pdarts/comparison/random_architectures.h"
#include "pdarts/core/edge_name.h"
#include "pdarts/core/edge_probabilities.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/field_plugin.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/trace_check.h"
#include "pdarts/core/training.h"
#include "pdarts/report/run_files.h"
#include "pdarts/runs/any_spec.h"

ABSL_FLAG(
    std::string, alphas, "",
    "FILE: alphas or probabilities of another program, with a row for each edge and a column for "
    "each operation: a NumPy file (.npy, .npz) or a text");
ABSL_FLAG(
    std::optional<int64_t>, shuffle, std::nullopt,
    "SEED: a negative control: derive from the same probabilities in a random order, drawn by "
    "a seed from 0 on, over all candidates that the search began with (default: their own "
    "order)");

namespace pdarts {
namespace {

/// The edge of a step of the derivation trace: LimitStep or CostStep. The trace has passed
/// CheckTrace.
template <class Step>
std::string EdgeOf(const Step& step, const Topology& topology) {
  const auto kind = std::find_if(topology.kinds.begin(), topology.kinds.end(),
                                 [&](const CellKind& k) { return k.name == step.cell_kind(); });
  return EdgeName(kind->edges[step.edge()]);
}

void PrintTrace(const DerivationTrace& trace, const Topology& topology) {
  for (const EdgeDecision& edge : trace.edges()) {
    std::vector<std::string> candidates;
    for (int i = 0; i < edge.candidates_size() && i < edge.probabilities_size(); ++i) {
      candidates.push_back(absl::StrFormat("%s %.4f", edge.candidates(i), edge.probabilities(i)));
    }
    std::cout << absl::StrFormat("%-7s %s  %-4s %-14s (%s)\n", edge.cell_kind(),
                                 EdgeName({edge.from(), edge.to()}), edge.kept() ? "kept" : "",
                                 edge.operation(), absl::StrJoin(candidates, ", "));
  }
  for (const LimitStep& step : trace.limit_steps()) {
    std::cout << absl::StrFormat(
        "%s cell held %d %s, at most %d allowed: edge %s %s (probability %.4f)\n", step.cell_kind(),
        step.count(), step.operation(), step.max(), EdgeOf(step, topology),
        step.stays()                 ? "keeps it, having no other candidate than none"
        : step.replacement().empty() ? "gave up its place"
                                     : absl::StrCat("took ", step.replacement(), " instead"),
        step.probability());
  }
  if (trace.has_cost()) {
    const CostDecision& cost = trace.cost();
    std::cout << absl::StrFormat("cost %.6g %s, range %.6g to %.6g: %s\n", cost.cost_before(),
                                 cost.unit(), cost.min(), cost.max(),
                                 cost.steps().empty()
                                     ? "no operation was exchanged"
                                     : absl::StrFormat("%.6g after exchanges", cost.cost()));
    for (const CostStep& step : cost.steps()) {
      std::cout << absl::StrFormat(
          "%s, edge %s: %s (probability %.4f) instead of %s (%.4f), cost %+.6g\n", step.cell_kind(),
          EdgeOf(step, topology), step.replacement(), step.replacement_probability(),
          step.operation(), step.probability(), step.cost_change());
    }
  }
  for (const std::string& note : trace.notes()) std::cout << "note: " << note << "\n";
}

/// The candidates and probabilities of a derivation: the end of a search, or the alphas of another
/// program.
struct SearchEnd {
  StageEdges last_stage;
  std::vector<std::string> notes;
};

/// Reads the end of a search from its derivation trace. If there is no trace, because nothing could
/// be derived, it is read from the last epoch of the log. If it is to be shuffled, the result
/// includes the candidates that earlier stages pruned, because pruning is also a decision of the
/// search.
absl::StatusOr<SearchEnd> ReadSearchEnd(const RunFiles& run) {
  SearchEnd end;
  for (const LogEvent& stage : run.stages) {
    end.notes.insert(end.notes.end(), stage.notes().begin(), stage.notes().end());
  }
  if (absl::GetFlag(FLAGS_shuffle)) {
    if (!run.found) {
      return absl::FailedPreconditionError(absl::StrCat(
          "--shuffle: ", run.path, " holds no architecture, and none can be derived from its log"));
    }
    end.last_stage = UnprunedOf(run.topology, run.found->trace());
    return end;
  }
  if (run.finished_search) {
    end.last_stage = LastStageOf(run.topology, run.found->trace());
    return end;
  }
  if (run.epochs.empty()) {
    return absl::NotFoundError(
        absl::StrCat(run.path, " holds neither an architecture nor an epoch in its log"));
  }
  const LogEvent& epoch = run.epochs.back().event;
  PDARTS_ASSIGN_OR_RETURN(end.last_stage, DecodeEdges(epoch.probabilities(), run.topology));
  end.notes.push_back(absl::StrCat("derived from the last epoch in the log: stage ", epoch.stage(),
                                   " of ", epoch.stages(), ", epoch ", epoch.epoch(), " of ",
                                   epoch.epochs()));
  return end;
}

/// A training derives no architecture. Its output is the trained architecture.
absl::Status PrintTrained(const std::string& run, const TrainSpec& spec) {
  if (!absl::GetFlag(FLAGS_set).values.empty() || absl::GetFlag(FLAGS_shuffle)) {
    return absl::InvalidArgumentError(
        absl::StrCat(absl::GetFlag(FLAGS_shuffle) ? "--shuffle: " : "--set: ", run,
                     " is a training, which has no probabilities to derive from; expected the "
                     "run of a search"));
  }
  PDARTS_ASSIGN_OR_RETURN(const Training training, MakeTraining(spec));
  DerivedArchitecture trained;
  *trained.mutable_architecture() = training.architecture;
  PDARTS_ASSIGN_OR_RETURN(*trained.mutable_text(), training.space->Format(training.architecture));
  if (PrintedAsJson(trained)) return absl::OkStatus();
  std::cout << trained.text() << "\n\nnote: " << run
            << " is a training; this is the architecture that it trains\n";
  return absl::OkStatus();
}

/// Reads the alphas of a file, for the candidates with which a search of the space begins.
absl::StatusOr<SearchEnd> ReadAlphasFile(const SearchSpace& space, const std::string& file) {
  SearchEnd end;
  PDARTS_ASSIGN_OR_RETURN(end.last_stage.candidates, space.InitialCandidates());
  const absl::StatusOr<std::string> bytes = ReadFileOrPipe(UserPath(file));
  if (!bytes.ok()) return Annotate(bytes.status(), "--alphas");
  absl::StatusOr<GivenAlphas> alphas =
      ReadAlphas(space.topology(), end.last_stage.candidates, *bytes);
  if (!alphas.ok()) {
    return Annotate(alphas.status(), absl::StrCat("--alphas: ", UserPath(file)));
  }
  end.last_stage.probabilities = std::move(alphas->probabilities);
  end.notes = std::move(alphas->notes);
  return end;
}

/// If --shuffle is given, orders the probabilities at random.
absl::Status ShuffleByFlag(SearchEnd* end) {
  const std::optional<int64_t> seed = absl::GetFlag(FLAGS_shuffle);
  if (!seed) return absl::OkStatus();
  if (*seed < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("--shuffle: ", *seed, " is not in [0, infinity)"));
  }
  end->last_stage.probabilities =
      ShuffleProbabilities(end->last_stage.probabilities,
                           MakeGenerator(static_cast<uint64_t>(*seed), "shuffled probabilities"));
  end->notes.push_back(absl::StrCat("the probabilities were shuffled with seed ", *seed,
                                    ": this is a negative control, not what the search found"));
  return absl::OkStatus();
}

absl::StatusOr<Derivation> DeriveFrom(const SearchSpace& space, SearchEnd end,
                                      const DerivationOptions& options) {
  PDARTS_RETURN_IF_ERROR(ShuffleByFlag(&end));
  PDARTS_ASSIGN_OR_RETURN(
      Derivation derivation,
      space.Derive(end.last_stage.candidates, end.last_stage.probabilities, options));
  for (const std::string& note : end.notes) derivation.trace.add_notes(note);
  return derivation;
}

absl::Status Print(const SearchSpace& space, const Derivation& derivation) {
  DerivedArchitecture derived;
  *derived.mutable_architecture() = derivation.architecture;
  *derived.mutable_trace() = derivation.trace;
  PDARTS_ASSIGN_OR_RETURN(*derived.mutable_text(), space.Format(derivation.architecture));
  if (PrintedAsJson(derived)) return absl::OkStatus();
  std::cout << derived.text() << "\n\n";
  PrintTrace(derived.trace(), space.topology());
  return absl::OkStatus();
}

/// Derives from alphas alone. The space has its default settings, changed by
/// --set=space.FIELD=VALUE. Nothing limits the derivation.
absl::Status DeriveFromAlphas(const std::string& alphas) {
  ExperimentSpec spec;
  PDARTS_ASSIGN_OR_RETURN(*spec.mutable_space(), PluginRegistry::Global().DefaultConfig(
                                                     SearchSpace::kKind, SpaceFromFlags()));
  PDARTS_RETURN_IF_ERROR(ApplyFlags(&spec));
  PDARTS_ASSIGN_OR_RETURN(const auto space, CreateFieldPlugin<SearchSpace>("space", spec.space()));
  PDARTS_ASSIGN_OR_RETURN(SearchEnd end, ReadAlphasFile(*space, alphas));
  PDARTS_ASSIGN_OR_RETURN(const Derivation derivation, DeriveFrom(*space, std::move(end), {}));
  return Print(*space, derivation);
}

absl::Status Derive(const std::vector<std::string>&) {
  const std::string alphas = absl::GetFlag(FLAGS_alphas);
  if (absl::GetFlag(FLAGS_run).empty()) {
    if (!alphas.empty()) return DeriveFromAlphas(alphas);
    return absl::InvalidArgumentError("derive needs --run=DIR or --alphas=FILE");
  }
  if (!absl::GetFlag(FLAGS_space).empty()) {
    return absl::InvalidArgumentError("--space: the run says its search space; leave it out");
  }
  const std::string run = UserPath(absl::GetFlag(FLAGS_run));
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<google::protobuf::Message> of_run,
                          ReadAnyRunSpec(run));
  if (IsTraining(*of_run)) {
    if (alphas.empty()) return PrintTrained(run, static_cast<const TrainSpec&>(*of_run));
    return absl::InvalidArgumentError(
        absl::StrCat("--alphas: ", run, " is a training; expected the run of a search"));
  }
  PDARTS_ASSIGN_OR_RETURN(const RunFiles files, ReadRunFiles(run));
  ExperimentSpec spec = files.spec;
  PDARTS_RETURN_IF_ERROR(ApplyFlags(&spec));
  PDARTS_ASSIGN_OR_RETURN(const Experiment experiment, MakeExperiment(std::move(spec)));
  PDARTS_ASSIGN_OR_RETURN(SearchEnd end, alphas.empty()
                                             ? ReadSearchEnd(files)
                                             : ReadAlphasFile(*experiment.space, alphas));
  PDARTS_ASSIGN_OR_RETURN(const Derivation derivation, DeriveFrom(*experiment.space, std::move(end),
                                                                  experiment.derivation_options));
  return Print(*experiment.space, derivation);
}

}  // namespace

Command DeriveCommand() {
  return {
      "derive",
      "--run=DIR | --alphas=FILE",
      "derive again from a search's probabilities, with other options, or from another program's "
      "alphas; of a training, print its architecture",
      {"run", "alphas", "space", "set", "shuffle", "json"},
      &Derive,
      /*takes_arguments=*/false,
      {{"--run=runs/quickstart-seed1 --set=regularizers[skip_limit].max=4",
        "with more skip connections in a cell"},
       {"--alphas=alphas.npz --space=darts", "from alphas that a Python program saved"}}};
}

}  // namespace pdarts
