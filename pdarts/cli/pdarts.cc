// The general command line: `pdarts COMMAND --flags`.

#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/search_command.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/runs/run.pb.h"
#include "pdarts/runs/run_directory.h"

ABSL_FLAG(std::string, spec, "", "search: file of the experiment's spec");
ABSL_FLAG(std::string, run, "", "derive: directory of a finished search");
ABSL_FLAG(std::string, space, "darts", "genotype: search space that the text belongs to");
ABSL_FLAG(std::string, to, "", "genotype: text form to write (darts: flat or nested)");

namespace pdarts {
namespace {

constexpr char kUsage[] =
    "pdarts COMMAND [--flags]\n"
    "  search --spec=FILE [--seed --data_dir --output_dir --device --threads --set --dry_run\n"
    "         --overwrite --json]   run a progressive search\n"
    "  derive --run=DIR [--set --json]   derive again from a run's probabilities, other options\n"
    "  genotype --space=NAME --to=FORM [--json] TEXT   check an architecture, write another form\n"
    "  list [--json]   the plugins in this program";

absl::Status Search() {
  PDARTS_RETURN_IF_ERROR(CheckFlagsOf("search", [] {
    std::vector<std::string> flags = SearchFlags();
    flags.push_back("spec");
    return flags;
  }()));
  const std::string file = absl::GetFlag(FLAGS_spec);
  if (file.empty()) return absl::InvalidArgumentError("search needs --spec=FILE");
  PDARTS_ASSIGN_OR_RETURN(ExperimentSpec spec, ReadSpecFile(UserPath(file)));
  return SearchCommand(std::move(spec));
}

absl::Status List() {
  PDARTS_RETURN_IF_ERROR(CheckFlagsOf("list", {"json"}));
  PluginList list;
  for (const PluginInfo& info : PluginRegistry::Global().List()) {
    PluginListEntry* entry = list.add_plugins();
    entry->set_kind(info.kind);
    entry->set_name(info.short_name);
    entry->set_config(info.config->full_name());
    entry->set_description(info.description);
  }
  if (absl::GetFlag(FLAGS_json)) {
    std::cout << ToJsonLine(list) << "\n";
    return absl::OkStatus();
  }
  std::string kind;
  for (const PluginListEntry& entry : list.plugins()) {
    if (entry.kind() != kind) std::cout << entry.kind() << "\n";
    kind = entry.kind();
    std::cout << absl::StrFormat("  %-16s %s\n  %-16s [%s]\n", entry.name(), entry.description(),
                                 "", entry.config());
  }
  return absl::OkStatus();
}

/// Candidates and probabilities of the last stage, as a run's trace holds them.
absl::Status ReadTrace(const Topology& topology, const DerivationTrace& trace,
                       Candidates* candidates, EdgeProbabilities* probabilities) {
  candidates->clear();
  probabilities->clear();
  for (const CellKind& kind : topology.kinds) {
    candidates->emplace_back(kind.edges.size());
    probabilities->emplace_back(kind.edges.size());
  }
  for (const EdgeDecision& edge : trace.edges()) {
    for (size_t k = 0; k < topology.kinds.size(); ++k) {
      const CellKind& kind = topology.kinds[k];
      if (kind.name != edge.cell_kind()) continue;
      if (edge.edge() < 0 || edge.edge() >= static_cast<int>(kind.edges.size())) {
        return absl::DataLossError(
            absl::StrCat("the trace names edge ", edge.edge(), " of the ", kind.name, " cell"));
      }
      for (const std::string& operation : edge.candidates()) {
        (*candidates)[k][edge.edge()].push_back(OperationIndex(kind, operation));
      }
      (*probabilities)[k][edge.edge()].assign(edge.probabilities().begin(),
                                              edge.probabilities().end());
    }
  }
  return absl::OkStatus();
}

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
        step.stays()                 ? "keeps it, having nothing else"
        : step.replacement().empty() ? "gave up its place"
                                     : absl::StrCat("took ", step.replacement(), " instead"),
        step.probability());
  }
  for (const std::string& note : trace.notes()) std::cout << "note: " << note << "\n";
}

absl::Status Derive() {
  PDARTS_RETURN_IF_ERROR(CheckFlagsOf("derive", {"run", "set", "json"}));
  const std::string run = absl::GetFlag(FLAGS_run);
  if (run.empty()) return absl::InvalidArgumentError("derive needs --run=DIR");
  PDARTS_ASSIGN_OR_RETURN(ExperimentSpec spec, ReadRunSpec(UserPath(run)));
  PDARTS_ASSIGN_OR_RETURN(const DerivedArchitecture old, ReadRunArchitecture(UserPath(run)));
  PDARTS_RETURN_IF_ERROR(ApplyFlags(&spec));
  PDARTS_ASSIGN_OR_RETURN(const Experiment experiment, MakeExperiment(std::move(spec)));
  Candidates candidates;
  EdgeProbabilities probabilities;
  PDARTS_RETURN_IF_ERROR(
      ReadTrace(experiment.space->topology(), old.trace(), &candidates, &probabilities));
  PDARTS_ASSIGN_OR_RETURN(
      const Derivation derivation,
      experiment.space->Derive(candidates, probabilities, experiment.MakeDerivationOptions()));
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

absl::Status Genotype(const std::vector<std::string>& arguments) {
  PDARTS_RETURN_IF_ERROR(CheckFlagsOf("genotype", {"space", "to", "json"}));
  if (arguments.size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat("genotype takes one TEXT, got ",
                                                   arguments.size(), " (quote it for the shell)"));
  }
  PDARTS_ASSIGN_OR_RETURN(
      const PluginInfo info,
      PluginRegistry::Global().FindByName(SearchSpace::kKind, absl::GetFlag(FLAGS_space)));
  google::protobuf::Any config;
  config.set_type_url(absl::StrCat("type.googleapis.com/", info.config->full_name()));
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<SearchSpace> space,
                          Registry<SearchSpace>::Create(config));
  std::string text = arguments[0];
  for (const auto& [name, known] : space->known_architectures()) {
    if (name == text) text = known;
  }
  PDARTS_ASSIGN_OR_RETURN(const Architecture architecture, space->Parse(text));
  DerivedArchitecture result;
  *result.mutable_architecture() = architecture;
  PDARTS_ASSIGN_OR_RETURN(*result.mutable_text(),
                          space->Format(architecture, absl::GetFlag(FLAGS_to)));
  std::cout << (absl::GetFlag(FLAGS_json) ? ToJsonLine(result) : result.text()) << "\n";
  return absl::OkStatus();
}

absl::Status Run(int argc, char** argv) {
  std::vector<std::string> arguments = InitProgram(argc, argv, kUsage);
  if (arguments.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("no command\n", kUsage));
  }
  const std::string command = arguments[0];
  arguments.erase(arguments.begin());
  if (command == "genotype") return Genotype(arguments);
  if (!arguments.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(command, ": unexpected argument \"", arguments[0], "\""));
  }
  if (command == "search") return Search();
  if (command == "list") return List();
  if (command == "derive") return Derive();
  return absl::InvalidArgumentError(
      absl::StrCat("unknown command \"", command, "\"; known: derive, genotype, list, search"));
}

}  // namespace
}  // namespace pdarts

int main(int argc, char** argv) { return pdarts::Report(pdarts::Run(argc, argv)); }
