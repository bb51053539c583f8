#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/given_genotype.h"
#include "pdarts/cli/network_flags.h"
#include "pdarts/core/benchmark.h"
#include "pdarts/core/json.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/status_macros.h"

ABSL_FLAG(std::optional<int>, top, std::nullopt, "NUMBER: show the so many best architectures");
ABSL_FLAG(std::string, table, "", "FILE: a CSV file that adds data sets to the benchmark");

namespace pdarts {
namespace {

/// The first benchmark of the space, with all settings at their defaults.
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

/// argument: an architecture's number, or what ReadGivenGenotype reads.
absl::StatusOr<int> IndexOf(const SearchSpace& space, const Benchmark& benchmark,
                            const std::string& argument) {
  int index;
  if (absl::SimpleAtoi(argument, &index)) {
    PDARTS_RETURN_IF_ERROR(benchmark.Text(index).status());
    return index;
  }
  const absl::StatusOr<GivenGenotype> given = ReadGivenGenotype(space, argument);
  if (!given.ok()) return Annotate(given.status(), absl::StrCat("\"", argument, "\""));
  PDARTS_ASSIGN_OR_RETURN(const std::string text, space.Format(given->architecture));
  return benchmark.Index(text);
}

/// Numbers of all architectures by their canonical form.
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
  const std::string dataset = absl::GetFlag(FLAGS_dataset);
  std::vector<int> indices;
  for (const std::string& argument : arguments) {
    PDARTS_ASSIGN_OR_RETURN(const int index, IndexOf(*space, *benchmark, argument));
    indices.push_back(index);
  }
  const absl::StatusOr<std::vector<int>> best = benchmark->Best(top.value_or(0), dataset);
  if (!best.ok()) return Annotate(best.status(), "--dataset");
  indices.insert(indices.end(), best->begin(), best->end());
  PDARTS_ASSIGN_OR_RETURN(const auto classes, Isomorphic(*space, *benchmark));
  BenchmarkScores scores;
  for (const int index : indices) {
    PDARTS_ASSIGN_OR_RETURN(BenchmarkScore score, benchmark->Score(index, dataset));
    PDARTS_ASSIGN_OR_RETURN(const Architecture architecture, space->Parse(score.architecture()));
    PDARTS_ASSIGN_OR_RETURN(const std::string form, space->CanonicalForm(architecture));
    score.set_isomorphs(static_cast<int>(classes.at(form).size()) - 1);
    *scores.add_architectures() = std::move(score);
  }
  if (absl::GetFlag(FLAGS_json)) {
    std::cout << ToJsonLine(scores) << "\n";
    return absl::OkStatus();
  }
  for (const BenchmarkScore& score : scores.architectures()) {
    std::cout << score.architecture() << "\n  number " << score.number() << ": "
              << ScoreLine(score, benchmark->size()) << "; " << score.isomorphs()
              << " others compute the same function\n";
  }
  return absl::OkStatus();
}

}  // namespace

Command QueryCommand() {
  return {"query",
          "--space=NAME ARCHITECTURE...",
          "say how good architectures are, from the table of the space's benchmark",
          {"space", "top", "dataset", "table", "json"},
          &Query,
          /*takes_arguments=*/true,
          {{"--space=nasbench201 --top=3", "the three best"},
           {"--space=nasbench201 --json 9930", "the one of this number, for a script"}},
          {{"dataset",
            "TEXT: data set whose accuracies are shown, as the table names it (default: the "
            "benchmark's)"}}};
}

}  // namespace pdarts
