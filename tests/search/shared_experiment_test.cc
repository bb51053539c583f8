// Tests that searches in one process may share an experiment, one after the other or at the same
// time. Each search ends as it would end alone.

#include <thread>
#include <vector>

#include "ATen/Parallel.h"
#include "google/protobuf/wrappers.pb.h"
#include "gtest/gtest.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/super_net.h"
#include "pdarts/trainers/search_trainer.h"
#include "tests/batteries/tiny_search.h"

namespace pdarts {
namespace {

/// A regularizer whose penalty increases with the number of its calls.
class Counting : public Regularizer {
 public:
  at::Tensor AlphaPenalty(const SearchContext& context) override {
    return context.super_net->ProbabilityTensor(0).pow(2).sum() * ++calls_;
  }

 private:
  int calls_ = 0;
};

// The config is a message of protobuf, because there are no settings.
const bool registered = Registry<Regularizer>::Register<google::protobuf::Int32Value>(
    "counting", "of a test", [](const auto&) -> absl::StatusOr<std::unique_ptr<Regularizer>> {
      return std::make_unique<Counting>();
    });

ExperimentSpec Spec() {
  ExperimentSpec spec = ParseSpec(R"(
    name: "shared"
    space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
    regularizers {
      [type.googleapis.com/pdarts.regularizers.SkipDropoutConfig] { initial_rates: [0.2, 0.4] }
    }
    regularizers { [type.googleapis.com/google.protobuf.Int32Value] {} }
  )",
                                  "shared")
                            .value();
  MakeTiny({2, 1}, &spec);
  return spec;
}

SearchOutcome SearchIn(const Experiment& experiment, const DatasetSplits& data) {
  at::set_num_threads(1);
  SearchOptions options;
  options.memory.allow_swap = true;  // both searches check the same free memory
  SearchOutcome outcome;
  outcome.result = RunSearch(experiment, data, options, &outcome.log);
  return outcome;
}

void ExpectSame(const SearchOutcome& a, const SearchOutcome& b) {
  ExpectSameEnd(a, b);
  EXPECT_EQ(a.log.lines, b.log.lines);
}

TEST(SharedExperiment, ASecondSearchBeginsAfresh) {
  const Experiment experiment = MakeExperiment(Spec()).value();
  const DatasetSplits data = experiment.dataset->Load({}).value();
  const SearchOutcome first = SearchIn(experiment, data), second = SearchIn(experiment, data);
  ExpectSame(first, second);
}

TEST(SharedExperiment, SearchesSideBySideDoNotKnowOfEachOther) {
  const Experiment experiment = MakeExperiment(Spec()).value();
  const DatasetSplits data = experiment.dataset->Load({}).value();
  const SearchOutcome alone = SearchIn(experiment, data);
  std::vector<SearchOutcome> outcomes(2);
  std::vector<std::thread> threads;
  for (SearchOutcome& outcome : outcomes) {
    threads.emplace_back([&] { outcome = SearchIn(experiment, data); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const SearchOutcome& outcome : outcomes) ExpectSame(alone, outcome);
}

}  // namespace
}  // namespace pdarts
