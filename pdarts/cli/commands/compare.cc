#include <algorithm>
#include <cmath>
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
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "pdarts/base/atomic_file.h"
#include "pdarts/base/sha256.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/text.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/commands/run_folders.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/latency.h"
#include "pdarts/cli/network_flags.h"
#include "pdarts/cli/run_queue.h"
#include "pdarts/cli/session_flags.h"
#include "pdarts/comparison/comparison.h"
#include "pdarts/comparison/random_architectures.h"
#include "pdarts/comparison/statistics.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/benchmark.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/training.h"
#include "pdarts/nn/cost_model.h"
#include "pdarts/nn/network_counts.h"
#include "pdarts/report/compare_page.h"
#include "pdarts/runs/any_spec.h"
#include "pdarts/runs/result_summary.h"
#include "pdarts/runs/run_architecture.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/run_names.h"
#include "pdarts/sessions/given_genotype.h"

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

/// Architectures that a user gave, as texts in the default form of the space.
struct GivenGroup {
  std::string name;
  std::vector<std::string> architectures;
};

/// Tells the accuracy of architectures, and the network in which they are counted.
struct Judge {
  std::unique_ptr<SearchSpace> space;
  NetworkShape shape;
  std::unique_ptr<Benchmark> benchmark;  ///< null: the architectures are trained
  TrainSpec spec;                        ///< of the trainings; only the genotype is missing
};

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

/// Counts the parameters and multiply-adds of the networks of architectures.
class CostCounter {
 public:
  /// `judge` must outlive the counter. \error as CountModels::Make.
  static absl::StatusOr<CostCounter> Create(const Judge& judge) {
    CostCounter counter(judge);
    if (judge.space->operation_places(judge.shape).empty()) return counter;
    PDARTS_ASSIGN_OR_RETURN(counter.models_, nn::CountModels::Make(*judge.space, judge.shape));
    return counter;
  }

  absl::StatusOr<NetworkCounts> Count(const Architecture& architecture) const {
    if (models_) {
      return NetworkCounts{models_->params.Of(architecture), models_->macs.Of(architecture)};
    }
    return CountNetwork(*judge_->space, architecture, judge_->shape);
  }
  absl::StatusOr<NetworkCounts> Count(const std::string& text) const {
    PDARTS_ASSIGN_OR_RETURN(const Architecture architecture, judge_->space->Parse(text));
    return Count(architecture);
  }

 private:
  explicit CostCounter(const Judge& judge) : judge_(&judge) {}

  const Judge* judge_;
  std::optional<nn::CountModels> models_;  ///< unset: each network is built to count it
};

/// The condition of --match; unset without the flag. `counter` must outlive the result.
absl::StatusOr<std::optional<CostMatch>> MatchFromFlags(const std::vector<GivenGroup>& groups,
                                                        const CostCounter& counter) {
  const std::string text = absl::GetFlag(FLAGS_match);
  if (text.empty()) return std::optional<CostMatch>();
  CostMatch match;
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
  double NetworkCounts::*const number =
      match.unit == "macs" ? &NetworkCounts::macs : &NetworkCounts::params;
  match.cost = [&counter, number](const Architecture& architecture) -> absl::StatusOr<double> {
    PDARTS_ASSIGN_OR_RETURN(const NetworkCounts counts, counter.Count(architecture));
    return counts.*number;
  };
  for (const GivenGroup& group : groups) {
    for (const std::string& architecture : group.architectures) {
      PDARTS_ASSIGN_OR_RETURN(const NetworkCounts counts, counter.Count(architecture));
      match.targets.push_back(counts.*number);
    }
  }
  return std::optional<CostMatch>(std::move(match));
}

/// Random architectures as texts.
absl::StatusOr<std::vector<std::string>> DrawRandom(const Judge& judge,
                                                    const std::vector<GivenGroup>& groups,
                                                    int64_t seed, const CostCounter& counter) {
  PDARTS_ASSIGN_OR_RETURN(const int count, RandomFromFlags());
  PDARTS_ASSIGN_OR_RETURN(const std::optional<CostMatch> match, MatchFromFlags(groups, counter));
  const auto drawn =
      DrawArchitectures(*judge.space, count, match,
                        MakeGenerator(static_cast<uint64_t>(seed), "random architectures"));
  if (!drawn.ok()) return Annotate(drawn.status(), "--random");
  std::vector<std::string> texts;
  for (const Architecture& architecture : *drawn) {
    PDARTS_ASSIGN_OR_RETURN(texts.emplace_back(), judge.space->Format(architecture));
  }
  return texts;
}

// --- with a benchmark ---

/// The benchmark of --benchmark, and its search space.
absl::StatusOr<Judge> BenchmarkFromFlags() {
  Judge judge;
  auto benchmark = Registry<Benchmark>::CreateDefault(absl::GetFlag(FLAGS_benchmark));
  if (!benchmark.ok()) return Annotate(benchmark.status(), "--benchmark");
  judge.benchmark = *std::move(benchmark);
  const std::string space = judge.benchmark->space();
  if (const std::string given = absl::GetFlag(FLAGS_space); !given.empty() && given != space) {
    return absl::InvalidArgumentError(absl::StrCat("--space: ", given, ", but the benchmark ",
                                                   absl::GetFlag(FLAGS_benchmark),
                                                   " is of the space ", space));
  }
  PDARTS_ASSIGN_OR_RETURN(judge.space, Registry<SearchSpace>::CreateDefault(space));
  PDARTS_ASSIGN_OR_RETURN(judge.shape, judge.space->default_network_shape());
  return judge;
}

/// The accuracy of each architecture according to the benchmark. Adds a note about architectures of
/// which the benchmark knows too little.
absl::StatusOr<std::vector<double>> AskBenchmark(const Benchmark& benchmark,
                                                 const std::vector<GivenGroup>& groups,
                                                 std::vector<std::string>* notes) {
  std::vector<double> accuracies;
  for (const GivenGroup& group : groups) {
    int extrapolated = 0;
    for (const std::string& text : group.architectures) {
      const absl::StatusOr<BenchmarkScore> score = benchmark.Score(text);
      if (!score.ok()) return Annotate(score.status(), "--benchmark");
      accuracies.push_back(score->accuracy());
      extrapolated += score->extrapolated();
    }
    if (extrapolated == 0) continue;
    notes->push_back(absl::StrCat(extrapolated, " of the ", group.architectures.size(),
                                  " architectures of the group ", group.name,
                                  " lie outside the data that the benchmark was fitted to, so "
                                  "that their predictions say little"));
  }
  return accuracies;
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

/// A judge that trains. The parts that depend on an architecture are not set yet.
absl::StatusOr<Judge> TrainingFromFlags() {
  Judge judge;
  PDARTS_ASSIGN_OR_RETURN(judge.spec, SpecFromFlags());
  auto space = Registry<SearchSpace>::Create(judge.spec.space());
  if (!space.ok()) return Annotate(space.status(), "space");
  judge.space = *std::move(space);
  return judge;
}

/// Completes the spec of the trainings, and checks with one of the architectures that they can
/// begin.
absl::Status CompleteTraining(const std::string& architecture, Judge* judge) {
  if (judge->spec.has_initial_weights()) {
    return absl::InvalidArgumentError(
        "initial_weights: is set; compare trains every architecture from random weights");
  }
  judge->spec.set_genotype(architecture);
  PDARTS_ASSIGN_OR_RETURN(Training training, MakeTraining(judge->spec));
  judge->shape = training.Shape();
  judge->spec = std::move(training.spec);
  return absl::OkStatus();
}

/// A text that is the same for two trainings that compute the same, even if their names differ.
absl::StatusOr<std::string> TrainingKey(const SearchSpace& space, TrainSpec spec) {
  PDARTS_ASSIGN_OR_RETURN(const Architecture architecture, ParseGenotype(space, spec.genotype()));
  PDARTS_ASSIGN_OR_RETURN(*spec.mutable_genotype(), space.Format(architecture));
  spec.clear_name();
  spec.clear_description();
  return PrintSpec(spec);
}

/// Finished trainings by their keys (TrainingKey). Searches, and runs that cannot be read, are
/// ignored.
class FinishedTrainings {
 public:
  FinishedTrainings(const SearchSpace& space, const std::vector<std::string>& folders) {
    for (const std::string& folder : folders) {
      const auto spec = ReadAnyRunSpec(folder);
      if (!spec.ok() || !IsTraining(**spec)) continue;
      const auto key = TrainingKey(space, static_cast<const TrainSpec&>(**spec));
      auto result = ReadRunResult(folder);
      if (!key.ok() || !result.ok() || !result->has_test_top1()) continue;
      trainings_.try_emplace(*key, folder, *std::move(result));
    }
  }

  /// Sets the directory and the result of `run` from a finished training of the same spec, if there
  /// is one.
  absl::Status Reuse(const SearchSpace& space, QueuedRun* run) const {
    PDARTS_ASSIGN_OR_RETURN(const std::string key,
                            TrainingKey(space, static_cast<const TrainSpec&>(*run->spec)));
    const auto found = trainings_.find(key);
    if (found == trainings_.end()) return absl::OkStatus();
    run->finished_before = true;
    run->directory = found->second.first;
    run->result = found->second.second;
    std::cerr << run->label << ": finished before, " << run->directory << "\n";
    return absl::OkStatus();
  }

 private:
  std::map<std::string, std::pair<std::string, RunResult>> trainings_;
};

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

/// The directory of a training. No other training is written into it.
std::string DirectoryOf(const std::string& output, const TrainSpec& spec) {
  TrainSpec any_seed = spec;
  any_seed.clear_seed();
  const std::string digest = Sha256Of(PrintSpec(any_seed)).Hex();
  return (fs::path(output) /
          RunName(absl::StrCat(spec.name(), "-", digest.substr(0, 10)), spec.seed()))
      .string();
}

/// The trainings of all architectures, each with every seed. An architecture that is given twice is
/// trained once.
absl::StatusOr<std::vector<QueuedRun>> PlanTrainings(const Judge& judge,
                                                     const std::vector<GivenGroup>& groups,
                                                     const std::vector<int64_t>& seeds,
                                                     const std::string& output) {
  const FinishedTrainings finished(*judge.space, FoldersOfFinished(output));
  std::vector<QueuedRun> runs;
  std::set<std::string> planned;
  for (const GivenGroup& group : groups) {
    for (size_t i = 0; i < group.architectures.size(); ++i) {
      if (!planned.insert(group.architectures[i]).second) continue;
      for (const int64_t seed : seeds) {
        auto spec = std::make_unique<TrainSpec>(judge.spec);
        spec->set_genotype(group.architectures[i]);
        spec->set_seed(seed);
        QueuedRun& run = runs.emplace_back();
        run.label = absl::StrCat(group.name, " ", i + 1, ", seed ", seed);
        run.directory = DirectoryOf(output, *spec);
        run.spec = std::move(spec);
        PDARTS_RETURN_IF_ERROR(finished.Reuse(*judge.space, &run));
      }
    }
  }
  return runs;
}

std::string ResumeCommandOf(const std::vector<QueuedRun>& runs) {
  const auto begun = std::find_if(runs.begin(), runs.end(), HoldsItsSpec);
  return ResumeCommand(begun == runs.end() ? "" : begun->directory);
}

/// Trains all architectures. Returns the accuracy of each architecture as the mean over its seeds.
/// \error kCancelled if a signal stopped the work; kInternal naming the trainings that failed.
absl::StatusOr<std::vector<double>> TrainAll(const Judge& judge,
                                             const std::vector<GivenGroup>& groups,
                                             const std::vector<int64_t>& seeds,
                                             const std::string& output,
                                             std::vector<std::string>* notes) {
  PDARTS_ASSIGN_OR_RETURN(std::vector<QueuedRun> runs, PlanTrainings(judge, groups, seeds, output));
  RunQueueOptions queue;
  queue.command = "comparison";
  PDARTS_ASSIGN_OR_RETURN(queue.jobs, JobsFromFlags());
  queue.resume_command = [&runs] { return ResumeCommandOf(runs); };
  std::vector<QueuedRun*> queued;
  for (QueuedRun& run : runs) queued.push_back(&run);
  PDARTS_RETURN_IF_ERROR(RunAll(queued, queue));

  std::vector<std::string> failed;
  std::vector<RunResult> results;
  std::map<std::string, std::vector<double>> accuracies;  // by architecture
  for (const QueuedRun& run : runs) {
    if (!run.error.empty()) {
      failed.push_back(absl::StrCat(run.label, " (", run.error, ")"));
      continue;
    }
    results.push_back(run.result);
    accuracies[static_cast<const TrainSpec&>(*run.spec).genotype()].push_back(
        run.result.test_top1());
  }
  if (!failed.empty()) {
    return absl::InternalError(absl::StrCat("these trainings failed: ", absl::StrJoin(failed, "; "),
                                            "; this runs them again:\n  ", ResumeCommandOf(runs)));
  }
  for (const std::string& difference : OriginDifferences(results)) {
    notes->push_back(absl::StrCat("the trainings differ in their ", difference));
  }
  std::vector<double> means;
  for (const GivenGroup& group : groups) {
    for (const std::string& text : group.architectures) means.push_back(Mean(accuracies.at(text)));
  }
  return means;
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

/// The groups, with the numbers of their architectures. `accuracies` holds the accuracies of all
/// architectures, group by group. `latencies` is the result of MeasureLatencies. The last group
/// holds the random architectures.
absl::StatusOr<GroupComparison> CompareMeasured(const std::vector<GivenGroup>& groups,
                                                const std::vector<double>& accuracies,
                                                const std::map<std::string, double>& latencies,
                                                int64_t seed, const CostCounter& counter) {
  std::vector<MeasuredGroup> measured;
  size_t next = 0;
  for (const GivenGroup& group : groups) {
    MeasuredGroup& of_group = measured.emplace_back();
    of_group.name = group.name;
    for (const std::string& text : group.architectures) {
      PDARTS_ASSIGN_OR_RETURN(const NetworkCounts counts, counter.Count(text));
      MeasuredArchitecture& measured_architecture = of_group.architectures.emplace_back();
      measured_architecture = {text, accuracies[next++], counts.params, counts.macs, std::nullopt};
      const auto latency = latencies.find(text);
      if (latency != latencies.end()) measured_architecture.latency_ms = latency->second;
    }
  }
  const std::vector<MeasuredArchitecture> random = std::move(measured.back().architectures);
  measured.pop_back();
  return CompareGroups(measured, random, static_cast<uint64_t>(seed));
}

CompareText Describe(const Judge& judge, const std::vector<int64_t>& seeds, bool is_exact) {
  CompareText text;
  if (judge.benchmark != nullptr) {
    const std::string name = absl::GetFlag(FLAGS_benchmark);
    const std::string dataset = judge.benchmark->default_dataset();
    const bool predicts = judge.benchmark->predicts();
    text.title = absl::StrCat("Architectures judged by ", name);
    text.accuracy =
        predicts ? absl::StrCat("The accuracies on ", dataset, " are predictions of the benchmark ",
                                name, ", not measurements.")
                 : absl::StrCat("The accuracies on ", dataset,
                                " stand in the table of the benchmark ", name, ".");
    text.accuracy_axis = predicts ? "predicted accuracy, %" : "accuracy in the table, %";
  } else {
    text.title = absl::StrCat("Architectures trained by ", judge.spec.name());
    text.accuracy =
        absl::StrCat("Each accuracy is the top-1 accuracy on the test images after ",
                     judge.spec.train().epochs(), " epochs of the training ", judge.spec.name(),
                     seeds.size() > 1 ? ", the mean over the seeds " : ", with the seed ",
                     absl::StrJoin(seeds, ", "), ".");
    text.accuracy_axis = "test accuracy, %";
  }
  text.test = absl::StrCat(
      "The p-values are of one-sided permutation tests of whether a group's mean accuracy is above "
      "that of the random architectures; ",
      is_exact ? "all permutations were used."
               : absl::StrCat("if there are more than ", kMostPermutations, " permutations, ",
                              kMostPermutations, " of them were drawn with the seed ",
                              seeds.front(), "."));
  return text;
}

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
  PDARTS_RETURN_IF_ERROR(JobsFromFlags().status());
  PDARTS_ASSIGN_OR_RETURN(const std::vector<int64_t> seeds, SeedsOrOne());
  PDARTS_ASSIGN_OR_RETURN(Judge judge, trains ? TrainingFromFlags() : BenchmarkFromFlags());
  PDARTS_ASSIGN_OR_RETURN(std::vector<GivenGroup> groups, GroupsFromFlags(*judge.space));
  if (trains) {
    PDARTS_RETURN_IF_ERROR(CompleteTraining(groups.front().architectures.front(), &judge));
  }
  PDARTS_ASSIGN_OR_RETURN(const CostCounter counter, CostCounter::Create(judge));
  PDARTS_ASSIGN_OR_RETURN(std::vector<std::string> random,
                          DrawRandom(judge, groups, seeds.front(), counter));
  groups.push_back({kRandomGroup, std::move(random)});

  const std::string given = absl::GetFlag(FLAGS_output_dir);
  const std::string output = UserPath(
      !given.empty() ? given
                     : absl::StrCat("runs/compare_", trains ? judge.spec.name() : benchmark));
  std::vector<std::string> notes;
  PDARTS_ASSIGN_OR_RETURN(const std::vector<double> accuracies,
                          trains ? TrainAll(judge, groups, seeds, output, &notes)
                                 : AskBenchmark(*judge.benchmark, groups, &notes));
  PDARTS_ASSIGN_OR_RETURN(const auto latencies, MeasureLatencies(judge, groups));
  PDARTS_ASSIGN_OR_RETURN(const GroupComparison compared,
                          CompareMeasured(groups, accuracies, latencies, seeds.front(), counter));
  CompareText text = Describe(judge, seeds, compared.is_exact);
  for (const std::string& note : notes) std::cerr << "note: " << note << "\n";
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
