#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "pdarts/base/atomic_file.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/text.h"
#include "pdarts/cli/child_run_flags.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/commands/run_folders.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/latency.h"
#include "pdarts/cli/network_flags.h"
#include "pdarts/cli/session_flags.h"
#include "pdarts/comparison/comparison.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/spec.h"
#include "pdarts/report/compare_page.h"
#include "pdarts/runs/run_architecture.h"
#include "pdarts/sessions/given_genotype.h"
#include "pdarts/sweeps/architecture_judge.h"
#include "pdarts/sweeps/judging_trainings.h"

namespace pdarts {

struct GenotypesTag;
struct RunsTag;

}  // namespace pdarts

ABSL_FLAG(std::string, benchmark, "",
          "BENCHMARK: the benchmark that says how accurate the architectures are");
ABSL_FLAG(pdarts::StringList<pdarts::GenotypesTag>, genotypes, {},
          "FILE|RUN|NAME|TEXT: a group of architectures, with commas between them; a file may hold "
          "several, one in each line; \"NAME:\" before the first one names the group; may be given "
          "several times");
// These flags are separate from the flags with the same names of `benchmark` and `genotype`,
// because their types differ.
ABSL_FLAG(pdarts::StringList<pdarts::RunsTag>, compared_runs, {},
          "DIR: a group of runs whose architectures are compared, with commas between them; a "
          "folder may hold several; \"NAME:\" before the first one names the group; may be given "
          "several times");
ABSL_FLAG(int, random_architectures, 12,
          "NUMBER: random architectures that the groups are compared with");
ABSL_FLAG(bool, latency, false,
          "also measure each architecture's network on this machine: the time of one image, with "
          "folded batch normalizations");
ABSL_FLAG(std::string, match, "",
          "UNIT:SHARE: draw random architectures whose cost is close to that of the given ones, in "
          "turn: macs:0.1 for multiply-adds within 10%, params:0.1 for parameters");

namespace pdarts {
namespace {

namespace fs = std::filesystem;

constexpr int kMostRandom = 100000;
/// How many characters of a flag's value become the name of a group that has no name.
constexpr size_t kLongestName = 40;

/// Removes the name of a group and its colon from the beginning of a flag's value; empty if there
/// is no name. If a file has this name, it is not the name of a group: "cells:A" may be the
/// definition A in the file "cells".
std::string TakeGroupName(absl::string_view* value) {
  const size_t colon = value->find(':');
  if (colon == absl::string_view::npos || colon == 0) return "";
  const std::string name(value->substr(0, colon));
  const bool is_name = std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("_-+ ", c);
  });
  std::error_code error;
  if (!is_name || fs::is_regular_file(UserPath(name), error)) return "";
  value->remove_prefix(colon + 1);
  return name;
}

/// The name of a group for which the user gave no name.
std::string NameOfValue(absl::string_view value) {
  if (value.size() <= kLongestName) return std::string(value);
  return absl::StrCat(value.substr(0, kLongestName), "...");
}

/// Reads the group in one value of a flag. `read` returns the texts of one item of the list.
template <class Read>
absl::StatusOr<GivenGroup> ReadGroup(absl::string_view value, const Read& read) {
  GivenGroup group;
  const absl::string_view whole = value;
  if (absl::StartsWith(value, ":")) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", whole, "\" begins with a colon; expected a group's name before it"));
  }
  group.name = TakeGroupName(&value);
  if (group.name.empty()) group.name = NameOfValue(whole);
  for (const std::string& item : SplitAtCommas(value)) {
    if (item.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", whole,
          "\" has an empty item; expected a list with single commas between its items"));
    }
    absl::StatusOr<std::vector<std::string>> texts = read(item);
    if (!texts.ok()) return texts.status();
    group.architectures.insert(group.architectures.end(), texts->begin(), texts->end());
  }
  return group;
}

/// The run directories that one item of --runs names.
absl::StatusOr<std::vector<std::string>> FoldersOf(const std::string& item) {
  return RunFolders("compare", {item});
}

/// The groups of --genotypes and --runs, with unique names.
absl::StatusOr<std::vector<GivenGroup>> GroupsFromFlags(const SearchSpace& space) {
  std::vector<GivenGroup> groups;
  for (const std::string& value : absl::GetFlag(FLAGS_genotypes).values) {
    auto group =
        ReadGroup(value, [&](const std::string& item) -> absl::StatusOr<std::vector<std::string>> {
          PDARTS_ASSIGN_OR_RETURN(const std::vector<GivenGenotype> given,
                                  ReadGivenGenotypes(space, item, &std::cerr));
          std::vector<std::string> texts;
          for (const GivenGenotype& genotype : given) {
            PDARTS_ASSIGN_OR_RETURN(texts.emplace_back(), space.Format(genotype.architecture));
          }
          return texts;
        });
    if (!group.ok()) return Annotate(group.status(), "--genotypes");
    groups.push_back(*std::move(group));
  }
  for (const std::string& value : absl::GetFlag(FLAGS_compared_runs).values) {
    auto group =
        ReadGroup(value, [&](const std::string& item) -> absl::StatusOr<std::vector<std::string>> {
          PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> folders, FoldersOf(item));
          std::vector<std::string> texts;
          for (const std::string& folder : folders) {
            PDARTS_ASSIGN_OR_RETURN(const DerivedArchitecture found,
                                    ReadRunArchitecture(folder, space));
            PDARTS_ASSIGN_OR_RETURN(texts.emplace_back(), space.Format(found.architecture()));
          }
          return texts;
        });
    if (!group.ok()) return Annotate(group.status(), "--runs");
    groups.push_back(*std::move(group));
  }
  if (groups.empty()) {
    return absl::InvalidArgumentError(
        "compare needs architectures: --genotypes=FILE,... or --runs=DIR,...");
  }
  std::set<std::string> names = {kRandomGroup};
  for (const GivenGroup& group : groups) {
    if (names.insert(group.name).second) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "two groups are called \"", group.name, "\"",
        group.name == kRandomGroup ? ", which is the name of the random architectures" : "",
        "; --genotypes=NAME:... and --runs=NAME:... give other names"));
  }
  return groups;
}

/// The value of --random. \error kInvalidArgument if it is out of range.
absl::StatusOr<int> RandomFromFlags() {
  const int count = absl::GetFlag(FLAGS_random_architectures);
  if (count >= 1 && count <= kMostRandom) return count;
  return absl::InvalidArgumentError(
      absl::StrCat("--random: ", count, " is not in [1, ", kMostRandom, "]"));
}

/// The values of --seeds; 1 if the flag is not given.
absl::StatusOr<std::vector<int64_t>> SeedsOrOne() {
  PDARTS_ASSIGN_OR_RETURN(std::vector<int64_t> seeds, SeedsFromFlags());
  if (seeds.empty()) seeds.push_back(1);
  return seeds;
}

/// The value of --match; unset without the flag. \error kInvalidArgument if it has another form.
absl::StatusOr<std::optional<MatchedCost>> MatchFromFlags() {
  const std::string text = absl::GetFlag(FLAGS_match);
  if (text.empty()) return std::optional<MatchedCost>();
  MatchedCost match;
  const std::vector<std::string> words = absl::StrSplit(text, ':');
  if (words.size() != 2 || (words[0] != "macs" && words[0] != "params") ||
      !absl::SimpleAtod(words[1], &match.tolerance) || !(match.tolerance > 0) ||
      match.tolerance > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--match: \"", text,
        "\" is not of the form UNIT:SHARE: macs or params, a colon, and a number in (0, 1], as in "
        "macs:0.1"));
  }
  match.unit = words[0];
  return std::optional<MatchedCost>(std::move(match));
}

// --- with trainings ---

/// The spec of --spec with the settings of the command line.
absl::StatusOr<TrainSpec> SpecFromFlags() {
  TrainSpec spec;
  PDARTS_RETURN_IF_ERROR(
      Annotate(ReadSpecFileInto(UserPath(absl::GetFlag(FLAGS_spec)), &spec), "--spec"));
  for (const std::string& assignment : absl::GetFlag(FLAGS_set).values) {
    for (const char* field : {"seed", "genotype"}) {
      if (!absl::StartsWith(assignment, absl::StrCat(field, "="))) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("--set: ", assignment, ": compare sets ", field,
                       " itself, from --seeds and from the architectures that it trains"));
    }
  }
  if (!absl::GetFlag(FLAGS_space).empty()) {
    return absl::InvalidArgumentError("--space: the search space is that of --spec");
  }
  PDARTS_RETURN_IF_ERROR(ApplyFlags(&spec));
  return spec;
}

/// A judge that trains by --spec. \error as SpecFromFlags and JudgeByTraining.
absl::StatusOr<Judge> TrainingFromFlags() {
  PDARTS_ASSIGN_OR_RETURN(TrainSpec spec, SpecFromFlags());
  return JudgeByTraining(std::move(spec));
}

/// The folders in which finished trainings are looked for: the output directory, and the runs of
/// --runs.
std::vector<std::string> FoldersOfFinished(const std::string& output) {
  std::vector<std::string> folders;
  const auto add = [&](const std::string& item) {
    const auto found = FoldersOf(item);
    if (found.ok()) folders.insert(folders.end(), found->begin(), found->end());
  };
  add(output);
  for (const std::string& value : absl::GetFlag(FLAGS_compared_runs).values) {
    absl::string_view items = value;
    TakeGroupName(&items);
    for (const std::string& item : SplitAtCommas(items)) add(item);
  }
  return folders;
}

/// Trains all architectures with the settings of the flags. \error as TrainAll.
absl::StatusOr<std::vector<double>> TrainByFlags(const Judge& judge,
                                                 const std::vector<GivenGroup>& groups,
                                                 const std::vector<int64_t>& seeds,
                                                 const std::string& output,
                                                 std::vector<std::string>* notes) {
  JudgingOptions options;
  options.seeds = seeds;
  options.output = output;
  options.finished_folders = FoldersOfFinished(output);
  PDARTS_ASSIGN_OR_RETURN(options.jobs, JobsFromFlags());
  options.child = ChildRunOptionsFromFlags();
  options.resume_command = &ResumeCommand;
  options.messages = &std::cerr;
  return TrainAll(judge, groups, options, notes);
}

// --- latency ---

/// The number of timed forward passes of each network.
constexpr int kTimedRuns = 20;

/// The median time of a forward pass of an architecture's network with one image, in milliseconds.
/// \error as Network::Describe.
absl::StatusOr<double> MeasureArchitecture(const Judge& judge, const std::string& text) {
  PDARTS_ASSIGN_OR_RETURN(const Architecture architecture, judge.space->Parse(text));
  NetworkShape shape = judge.shape;
  shape.auxiliary_head = false;
  PDARTS_ASSIGN_OR_RETURN(shape.backend, ResolveBackend(FUSED, FLOAT32, c10::kCPU));
  PDARTS_ASSIGN_OR_RETURN(
      const std::shared_ptr<Network> network,
      judge.space->BuildNetwork(architecture, shape, MakeGenerator(1, "weights")));
  PDARTS_ASSIGN_OR_RETURN(const std::shared_ptr<Network> folded,
                          FoldNetwork(*network, shape.backend));
  return MeasureLatency(*folded, shape.image, /*batch=*/1, kTimedRuns).median;
}

/// The latencies by architecture; empty without --latency.
absl::StatusOr<std::map<std::string, double>> MeasureLatencies(
    const Judge& judge, const std::vector<GivenGroup>& groups) {
  std::map<std::string, double> latencies;
  if (!absl::GetFlag(FLAGS_latency)) return latencies;
  PDARTS_RETURN_IF_ERROR(SetThreadsFromFlags().status());
  for (const GivenGroup& group : groups) {
    for (const std::string& text : group.architectures) {
      if (latencies.count(text) > 0) continue;
      const absl::StatusOr<double> latency = MeasureArchitecture(judge, text);
      if (!latency.ok()) return Annotate(latency.status(), "--latency");
      latencies[text] = *latency;
    }
  }
  return latencies;
}

// --- output ---

void PrintGroups(const Comparison& comparison, const CompareText& text, const std::string& page) {
  std::cout << text.accuracy << "\n\n";
  int width = 8;
  for (const ComparedGroup& group : comparison.groups()) {
    width = std::max(width, static_cast<int>(group.name().size()));
  }
  const bool has_latency = HasLatency(comparison);
  std::cout << absl::StrFormat("%-*s %13s %8s %9s %10s %8s %15s", width, "group", "architectures",
                               "mean %", "deviation", "relative %", "params M", "multiply-adds M")
            << (has_latency ? "  latency ms" : "") << "  p-value\n";
  for (const ComparedGroup& group : comparison.groups()) {
    std::cout << absl::StrFormat(
        "%-*s %13d %8.2f %9.2f %+10.2f %8.3f %15.1f", width, group.name(), group.architectures(),
        group.mean(), group.std(), group.relative_improvement(),
        GroupMean(comparison, group.name(), &ComparedArchitecture::params) / 1e6,
        GroupMean(comparison, group.name(), &ComparedArchitecture::macs) / 1e6);
    if (has_latency) {
      std::cout << absl::StrFormat(
          " %11.2f", GroupMean(comparison, group.name(), &ComparedArchitecture::latency_ms));
    }
    std::cout << absl::StrFormat(" %8s\n",
                                 group.p_value().has_number_value() ? PValueText(group) : "-");
  }
  std::cout << "\n" << text.test << "\n" << page << "\n";
}

absl::Status Compare(const std::vector<std::string>&) {
  const bool trains = !absl::GetFlag(FLAGS_spec).empty();
  const std::string benchmark = absl::GetFlag(FLAGS_benchmark);
  if (trains != benchmark.empty()) {
    return absl::InvalidArgumentError(
        "compare needs either --spec=FILE of a training or --benchmark=NAME");
  }
  if (!trains && !absl::GetFlag(FLAGS_set).values.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--set: ", absl::GetFlag(FLAGS_set).values.front(),
                     ": only a training has settings; --benchmark trains nothing"));
  }
  PDARTS_RETURN_IF_ERROR(JobsFromFlags().status());
  PDARTS_ASSIGN_OR_RETURN(const std::vector<int64_t> seeds, SeedsOrOne());
  PDARTS_ASSIGN_OR_RETURN(
      Judge judge,
      trains ? TrainingFromFlags() : JudgeByBenchmark(benchmark, absl::GetFlag(FLAGS_space)));
  PDARTS_ASSIGN_OR_RETURN(std::vector<GivenGroup> groups, GroupsFromFlags(*judge.space));
  if (trains) {
    PDARTS_RETURN_IF_ERROR(CompleteTraining(groups.front().architectures.front(), &judge));
  }
  PDARTS_ASSIGN_OR_RETURN(const CostCounter counter, CostCounter::Create(judge));
  PDARTS_ASSIGN_OR_RETURN(const int count, RandomFromFlags());
  PDARTS_ASSIGN_OR_RETURN(const std::optional<MatchedCost> matched, MatchFromFlags());
  PDARTS_ASSIGN_OR_RETURN(std::vector<std::string> random,
                          DrawRandom(judge, groups, count, seeds.front(), matched, counter));
  groups.push_back({kRandomGroup, std::move(random)});

  const std::string given = absl::GetFlag(FLAGS_output_dir);
  const std::string output = UserPath(
      !given.empty() ? given
                     : absl::StrCat("runs/compare_", trains ? judge.spec.name() : benchmark));
  std::vector<std::string> notes;
  PDARTS_ASSIGN_OR_RETURN(const std::vector<double> accuracies,
                          trains ? TrainByFlags(judge, groups, seeds, output, &notes)
                                 : AskBenchmark(*judge.benchmark, groups, &notes));
  PDARTS_ASSIGN_OR_RETURN(const auto latencies, MeasureLatencies(judge, groups));
  PDARTS_ASSIGN_OR_RETURN(const GroupComparison compared,
                          CompareMeasured(groups, accuracies, latencies, seeds.front(), counter));
  CompareText text = DescribeComparison(judge, seeds, compared.is_exact);
  Tell(notes);
  text.notes = std::move(notes);

  std::error_code failed;
  fs::create_directories(output, failed);
  const std::string page = (fs::path(output) / "compare.html").string();
  PDARTS_RETURN_IF_ERROR(WriteFileAtomically(page, ComparePage(compared.comparison, text).bytes()));
  if (!PrintedAsJson(compared.comparison)) PrintGroups(compared.comparison, text, page);
  return absl::OkStatus();
}

}  // namespace

Command CompareCommand() {
  return {"compare",
          "(--spec=FILE | --benchmark=NAME) --genotypes=LIST --runs=LIST",
          "compare groups of architectures with random ones: by trainings, or by a benchmark",
          {"spec", "space", "benchmark", "genotypes", "runs", "random", "seeds", "match", "jobs",
           "latency", "data_dir", "output_dir", "device", "threads", "set", "checkpoint_minutes",
           "allow_swap", "json"},
          &Compare,
          /*takes_arguments=*/false,
          {{"--benchmark=nasbench201 --runs=small:runs/a-seed1,runs/a-seed3 --random=100",
            "two searches on NAS-Bench-201, by its table"},
           {"--spec=train.textproto --genotypes=PDARTS,DARTS_V2 --seeds=1,2 --match=macs:0.1",
            "two published architectures and random ones of their cost, trained twice each"}},
          {{"spec", "FILE: the spec of the training that every architecture gets"},
           {"seeds",
            "NUMBERS: seeds of the trainings, with commas between them; the first one is also the "
            "seed of the random architectures (default: 1)"},
           {"jobs", "NUMBER: trainings that run at the same time"},
           {"space", "SPACE: search space of the benchmark (default: the benchmark's own)"},
           {"output_dir",
            "DIR: folder that gets compare.html and the trainings (default: runs/compare_<name of "
            "the spec or the benchmark>)"}},
          {{"runs", "compared_runs"}, {"random", "random_architectures"}}};
}

}  // namespace pdarts
