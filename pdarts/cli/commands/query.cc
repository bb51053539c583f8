#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/struct.pb.h"
#include "pdarts/base/json.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/commands/reports.pb.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/network_flags.h"
#include "pdarts/core/benchmark.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/sessions/given_genotype.h"

ABSL_DECLARE_FLAG(std::string, model);  // the flag --model of `evaluate`
ABSL_FLAG(std::optional<int>, top, std::nullopt,
          "NUMBER: show this number of the best architectures");
ABSL_FLAG(std::string, table, "", "FILE: a CSV file that adds datasets to the benchmark's table");

namespace pdarts {
namespace {

/// The first benchmark of the space, with the default of each setting.
absl::StatusOr<std::unique_ptr<Benchmark>> BenchmarkOf(const SearchSpace& space) {
  std::vector<std::string> spaces;
  for (const std::string& name : PluginRegistry::Global().Names(Benchmark::kKind)) {
    PDARTS_ASSIGN_OR_RETURN(std::unique_ptr<Benchmark> benchmark,
                            Registry<Benchmark>::CreateDefault(name));
    if (benchmark->space() == space.name()) return benchmark;
    spaces.push_back(benchmark->space());
  }
  return absl::NotFoundError(
      absl::StrCat("there is no benchmark of the search space ", space.name(),
                   "; there are of: ", spaces.empty() ? "none" : absl::StrJoin(spaces, ", ")));
}

/// The text of an architecture. `argument` is its number in the table of the benchmark, or a text
/// that ReadGivenGenotype reads.
absl::StatusOr<std::string> TextOf(const SearchSpace& space, const Benchmark& benchmark,
                                   const std::string& argument) {
  int index;
  if (absl::SimpleAtoi(argument, &index)) return benchmark.Text(index);
  const absl::StatusOr<GivenGenotype> given = ReadGivenGenotype(space, argument, &std::cerr);
  if (!given.ok()) return Annotate(given.status(), absl::StrCat("\"", argument, "\""));
  return space.Format(given->architecture);
}

/// The numbers of all architectures, by their canonical form.
absl::StatusOr<std::map<std::string, std::vector<int>>> Isomorphic(const SearchSpace& space,
                                                                   const Benchmark& benchmark) {
  std::map<std::string, std::vector<int>> classes;
  for (int i = 0; i < benchmark.size(); ++i) {
    PDARTS_ASSIGN_OR_RETURN(const std::string text, benchmark.Text(i));
    PDARTS_ASSIGN_OR_RETURN(const Architecture architecture, space.Parse(text));
    PDARTS_ASSIGN_OR_RETURN(const std::string form, space.CanonicalForm(architecture));
    classes[form].push_back(i);
  }
  return classes;
}

/// Sets for each score how many other architectures in the table of the benchmark compute the same
/// function.
absl::Status CountIsomorphs(const SearchSpace& space, const Benchmark& benchmark,
                            BenchmarkScores* scores) {
  PDARTS_ASSIGN_OR_RETURN(const auto classes, Isomorphic(space, benchmark));
  for (BenchmarkScore& score : *scores->mutable_architectures()) {
    PDARTS_ASSIGN_OR_RETURN(const Architecture architecture, space.Parse(score.architecture()));
    PDARTS_ASSIGN_OR_RETURN(const std::string form, space.CanonicalForm(architecture));
    score.set_isomorphs(static_cast<int>(classes.at(form).size()) - 1);
  }
  return absl::OkStatus();
}

std::string PredictionsJson(const BenchmarkScores& scores) {
  PredictionsReport report;
  for (const BenchmarkScore& score : scores.architectures()) {
    PredictionReport* const prediction = report.add_architectures();
    prediction->set_architecture(score.architecture());
    prediction->set_accuracy(score.accuracy());
    prediction->set_predicted(score.predicted());
    *prediction->mutable_interval() = score.interval();
    if (score.has_percentile()) {
      prediction->mutable_percentile()->set_number_value(score.percentile());
    } else {
      prediction->mutable_percentile()->set_null_value(google::protobuf::NULL_VALUE);
    }
    prediction->set_extrapolated(score.extrapolated());
  }
  return ToJsonLine(report);
}

void Print(const Benchmark& benchmark, const BenchmarkScores& scores) {
  for (const BenchmarkScore& score : scores.architectures()) {
    std::cout << score.architecture() << "\n  ";
    if (!score.predicted()) std::cout << "number " << score.number() << ": ";
    std::cout << ScoreLine(score, benchmark.size());
    if (!score.predicted()) {
      std::cout << "; " << score.isomorphs() << " others compute the same function";
    }
    std::cout << "\n";
  }
}

absl::Status Query(const std::vector<std::string>& arguments) {
  const std::optional<int> top = absl::GetFlag(FLAGS_top);
  if (top && *top < 1) {
    return absl::InvalidArgumentError(absl::StrCat("--top: ", *top, " is below 1"));
  }
  if (arguments.empty() && !top) {
    return absl::InvalidArgumentError(
        "query needs architectures (text, quoted for the shell, files, runs or numbers) or "
        "--top=N");
  }
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<SearchSpace> space,
                          Registry<SearchSpace>::CreateDefault(SpaceFromFlags()));
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<Benchmark> benchmark, BenchmarkOf(*space));
  if (const std::string table = absl::GetFlag(FLAGS_table); !table.empty()) {
    PDARTS_RETURN_IF_ERROR(Annotate(benchmark->AddTable(UserPath(table)), "--table"));
  }
  if (const std::string model = absl::GetFlag(FLAGS_model); !model.empty()) {
    PDARTS_RETURN_IF_ERROR(Annotate(benchmark->UseModel(UserPath(model)), "--model"));
  }
  const absl::StatusOr<std::string> dataset = benchmark->DatasetNamed(absl::GetFlag(FLAGS_dataset));
  if (!dataset.ok()) return Annotate(dataset.status(), "--dataset");
  BenchmarkScores scores;
  for (const std::string& argument : arguments) {
    PDARTS_ASSIGN_OR_RETURN(const std::string text, TextOf(*space, *benchmark, argument));
    PDARTS_ASSIGN_OR_RETURN(*scores.add_architectures(), benchmark->Score(text, *dataset));
  }
  if (top) {
    const absl::StatusOr<std::vector<int>> best = benchmark->Best(*top, *dataset);
    if (!best.ok()) return Annotate(best.status(), "--top");
    for (const int index : *best) {
      PDARTS_ASSIGN_OR_RETURN(*scores.add_architectures(), benchmark->Score(index, *dataset));
    }
  }
  if (!benchmark->predicts()) {
    PDARTS_RETURN_IF_ERROR(CountIsomorphs(*space, *benchmark, &scores));
  }
  if (!absl::GetFlag(FLAGS_json)) {
    Print(*benchmark, scores);
  } else if (benchmark->predicts()) {
    std::cout << PredictionsJson(scores) << "\n";
  } else {
    std::cout << ToJsonLine(scores) << "\n";
  }
  return absl::OkStatus();
}

}  // namespace

Command QueryCommand() {
  return {
      "query",
      "--space=NAME ARCHITECTURE...",
      "say how good architectures are: the space's benchmark looks it up or predicts it",
      {"space", "top", "dataset", "table", "model", "json"},
      &Query,
      /*takes_arguments=*/true,
      {{"--space=nasbench201 --top=3", "the three best"},
       {"--space=darts --json PDARTS DARTS_V2",
        "the predicted accuracies of two DARTS architectures, for a script"}},
      {{"dataset",
        "TEXT: dataset whose accuracies are shown, as the benchmark names it (default: the "
        "benchmark's)"},
       {"model",
        "FILE: a model that predicts in place of the benchmark's own, as tools/nasbench301/fit.py "
        "writes it"}}};
}

}  // namespace pdarts
