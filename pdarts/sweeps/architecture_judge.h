#ifndef PDARTS_SWEEPS_ARCHITECTURE_JUDGE_H_
#define PDARTS_SWEEPS_ARCHITECTURE_JUDGE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pdarts/comparison/comparison.h"
#include "pdarts/core/benchmark.h"
#include "pdarts/core/network.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/training.pb.h"
#include "pdarts/nn/cost_model.h"
#include "pdarts/nn/network_counts.h"
#include "pdarts/report/compare_page.h"

namespace pdarts {

/// Architectures that a user gave, as texts in the default form of the space.
struct GivenGroup {
  std::string name;
  std::vector<std::string> architectures;
};

/// Tells the accuracy of architectures, and the network in which they are counted.
struct Judge {
  std::unique_ptr<SearchSpace> space;
  NetworkShape shape;
  std::string benchmark_name;            ///< empty: the architectures are trained
  std::unique_ptr<Benchmark> benchmark;  ///< null: the architectures are trained
  TrainSpec spec;                        ///< of the trainings; only the genotype is missing
};

/// The judge of a benchmark, with its search space. `space` is the name of the space that the user
/// expects; empty: any. \error if there is no such benchmark, or if it is of another space.
absl::StatusOr<Judge> JudgeByBenchmark(const std::string& benchmark, const std::string& space);

/// A judge that trains by a complete spec without a genotype. CompleteTraining sets the parts that
/// depend on an architecture. \error as Registry::Create.
absl::StatusOr<Judge> JudgeByTraining(TrainSpec spec);

/// Completes the spec of the trainings, and checks with one of the architectures that they can
/// begin. \error kInvalidArgument if the spec has initial weights; as MakeTraining.
absl::Status CompleteTraining(const std::string& architecture, Judge* judge);

/// Counts the parameters and multiply-adds of the networks of architectures.
class CostCounter {
 public:
  /// `judge` must outlive the counter. \error as CountModels::Make.
  static absl::StatusOr<CostCounter> Create(const Judge& judge);

  /// \error as CountNetwork; as SearchSpace::Parse.
  absl::StatusOr<NetworkCounts> Count(const Architecture& architecture) const;
  absl::StatusOr<NetworkCounts> Count(const std::string& text) const;

 private:
  explicit CostCounter(const Judge& judge) : judge_(&judge) {}

  const Judge* judge_;
  std::optional<nn::CountModels> models_;  ///< unset: each network is built to count it
};

/// The cost that random architectures share with the given ones: within this share of it.
struct MatchedCost {
  std::string unit;      ///< "macs" or "params"
  double tolerance = 0;  ///< the largest relative distance
};

/// Random architectures as texts. If `matched` is set, their costs are close to those of the
/// architectures of `groups`, in turn. \error as DrawArchitectures.
absl::StatusOr<std::vector<std::string>> DrawRandom(const Judge& judge,
                                                    const std::vector<GivenGroup>& groups,
                                                    int count, int64_t seed,
                                                    const std::optional<MatchedCost>& matched,
                                                    const CostCounter& counter);

/// The accuracy of each architecture according to the benchmark. Adds a note about architectures of
/// which the benchmark knows too little.
absl::StatusOr<std::vector<double>> AskBenchmark(const Benchmark& benchmark,
                                                 const std::vector<GivenGroup>& groups,
                                                 std::vector<std::string>* notes);

/// The groups, with the numbers of their architectures. `accuracies` holds the accuracies of all
/// architectures, group by group. `latencies` holds the latencies in milliseconds by architecture,
/// or nothing. The last group holds the random architectures. \error as CostCounter::Count.
absl::StatusOr<GroupComparison> CompareMeasured(const std::vector<GivenGroup>& groups,
                                                const std::vector<double>& accuracies,
                                                const std::map<std::string, double>& latencies,
                                                int64_t seed, const CostCounter& counter);

/// The texts about a comparison, without notes.
CompareText DescribeComparison(const Judge& judge, const std::vector<int64_t>& seeds,
                               bool is_exact);

}  // namespace pdarts

#endif  // PDARTS_SWEEPS_ARCHITECTURE_JUDGE_H_
