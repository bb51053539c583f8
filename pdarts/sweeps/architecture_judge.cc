#include "pdarts/sweeps/architecture_judge.h"

#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/comparison/random_architectures.h"
#include "pdarts/comparison/statistics.h"
#include "pdarts/core/field_plugin.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/training.h"

namespace pdarts {
namespace {

/// `counter` must outlive the result.
absl::StatusOr<CostMatch> MatchOf(const MatchedCost& matched, const std::vector<GivenGroup>& groups,
                                  const CostCounter& counter) {
  CostMatch match;
  match.unit = matched.unit;
  match.tolerance = matched.tolerance;
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
  return match;
}

}  // namespace

absl::StatusOr<Judge> JudgeByBenchmark(const std::string& name, const std::string& given) {
  Judge judge;
  auto benchmark = Registry<Benchmark>::CreateDefault(name);
  if (!benchmark.ok()) return Annotate(benchmark.status(), "--benchmark");
  judge.benchmark_name = name;
  judge.benchmark = *std::move(benchmark);
  const std::string space = judge.benchmark->space();
  if (!given.empty() && given != space) {
    return absl::InvalidArgumentError(
        absl::StrCat("--space: ", given, ", but the benchmark ", name, " is of the space ", space));
  }
  PDARTS_ASSIGN_OR_RETURN(judge.space, Registry<SearchSpace>::CreateDefault(space));
  PDARTS_ASSIGN_OR_RETURN(judge.shape, judge.space->default_network_shape());
  return judge;
}

absl::StatusOr<Judge> JudgeByTraining(TrainSpec spec) {
  Judge judge;
  judge.spec = std::move(spec);
  PDARTS_ASSIGN_OR_RETURN(judge.space, CreateFieldPlugin<SearchSpace>("space", judge.spec.space()));
  return judge;
}

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

absl::StatusOr<CostCounter> CostCounter::Create(const Judge& judge) {
  CostCounter counter(judge);
  if (judge.space->operation_places(judge.shape).empty()) return counter;
  PDARTS_ASSIGN_OR_RETURN(counter.models_, nn::CountModels::Make(*judge.space, judge.shape));
  return counter;
}

absl::StatusOr<NetworkCounts> CostCounter::Count(const Architecture& architecture) const {
  if (models_) {
    return NetworkCounts{models_->params.Of(architecture), models_->macs.Of(architecture)};
  }
  return CountNetwork(*judge_->space, architecture, judge_->shape);
}

absl::StatusOr<NetworkCounts> CostCounter::Count(const std::string& text) const {
  PDARTS_ASSIGN_OR_RETURN(const Architecture architecture, judge_->space->Parse(text));
  return Count(architecture);
}

absl::StatusOr<std::vector<std::string>> DrawRandom(const Judge& judge,
                                                    const std::vector<GivenGroup>& groups,
                                                    int count, int64_t seed,
                                                    const std::optional<MatchedCost>& matched,
                                                    const CostCounter& counter) {
  std::optional<CostMatch> match;
  if (matched) {
    PDARTS_ASSIGN_OR_RETURN(match, MatchOf(*matched, groups, counter));
  }
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

CompareText DescribeComparison(const Judge& judge, const std::vector<int64_t>& seeds,
                               bool is_exact) {
  CompareText text;
  if (judge.benchmark != nullptr) {
    const std::string& name = judge.benchmark_name;
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

}  // namespace pdarts
