// Tests of the contract of regularizers, run on the specs in the environment variable
// PDARTS_BATTERY_SPECS. Every registered regularizer must appear in one of these specs.

#include <cmath>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "glog/logging.h"
#include "gtest/gtest.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/super_net.h"
#include "tests/batteries/tiny_search.h"

namespace pdarts {
namespace {

/// Calls every hook in every stage of an experiment, on a small super-network.
void GoThrough(const Experiment& experiment) {
  const auto regularizers = experiment.MakeRegularizers().value();
  for (int stage = 0; stage < experiment.schedule->num_stages(); ++stage) {
    SuperNetShape shape;
    shape.cells = 2;
    shape.channels = 2;
    const auto super_net = experiment.space
                               ->BuildSuperNet(experiment.space->InitialCandidates().value(), shape,
                                               MakeGenerator(1, "weights"))
                               .value();
    SearchContext context;
    context.stage = stage;
    context.num_stages = experiment.schedule->num_stages();
    context.shape = experiment.schedule->stage(stage);
    context.super_net = super_net.get();
    context.space = experiment.space.get();
    context.derivation_options = &experiment.derivation_options;
    context.generator = MakeGenerator(1, "regularizers");
    for (size_t i = 0; i < regularizers.size(); ++i) {
      const auto& regularizer = regularizers[i];
      ASSERT_TRUE(regularizer->OnStageBegin(context).ok());
      for (context.epoch = 0; context.epoch < context.shape.epochs; ++context.epoch) {
        const absl::Status status = regularizer->OnEpochBegin(context);
        ASSERT_TRUE(status.ok()) << status;
        for (const at::Tensor& penalty :
             {regularizer->WeightPenalty(context), regularizer->AlphaPenalty(context)}) {
          if (!penalty.defined()) continue;
          EXPECT_EQ(penalty.dim(), 0);
          EXPECT_TRUE(penalty.isfinite().item<bool>());
        }
        // A recorded step has the penalties of the step that was recorded.
        if (const auto constants = regularizer->PenaltyConstants()) {
          const at::Tensor penalty = regularizer->AlphaPenalty(context);
          const at::Tensor again = regularizer->AlphaPenalty(context);
          ASSERT_EQ(penalty.defined(), again.defined());
          EXPECT_TRUE(!penalty.defined() || penalty.equal(again));
          EXPECT_EQ(regularizer->PenaltyConstants(), constants);
        }
        for (const auto& [name, value] : regularizer->Report()) {
          EXPECT_TRUE(std::isfinite(value)) << name;
        }
        // A new regularizer that resumes from the state returns the same values.
        const std::unique_ptr<Regularizer> other =
            std::move(experiment.MakeRegularizers().value()[i]);
        ASSERT_TRUE(other->OnStageBegin(context).ok() && other->OnEpochBegin(context).ok());
        const absl::Status loaded = other->LoadState(regularizer->SaveState());
        ASSERT_TRUE(loaded.ok()) << loaded;
        EXPECT_EQ(other->Report(), regularizer->Report());
        EXPECT_EQ(other->SaveState(), regularizer->SaveState());
      }
    }
  }
  for (const OperationLimit& limit : experiment.derivation_options.limits) {
    EXPECT_GE(limit.max, 0);
  }
}

/// The searches among the specs. The other specs are trainings.
std::vector<Experiment> Experiments() {
  const char* const specs = std::getenv("PDARTS_BATTERY_SPECS");
  CHECK(specs != nullptr) << "PDARTS_BATTERY_SPECS is not set";
  std::vector<Experiment> experiments;
  for (const absl::string_view view : absl::StrSplit(specs, ' ', absl::SkipEmpty())) {
    const std::string path(view);
    if (absl::StartsWith(path.substr(path.rfind('/') + 1), "train_")) continue;
    const auto spec = ReadSpecFile(path);
    EXPECT_TRUE(spec.ok()) << path << ": " << spec.status();
    if (!spec.ok()) continue;
    auto experiment = MakeExperiment(*spec);
    EXPECT_TRUE(experiment.ok()) << path << ": " << experiment.status();
    if (experiment.ok()) experiments.push_back(*std::move(experiment));
  }
  return experiments;
}

std::set<std::string> RegularizersOf(const Experiment& experiment) {
  std::set<std::string> names;
  for (const auto& config : experiment.spec.regularizers()) {
    const std::string& url = config.type_url();
    names.insert(PluginRegistry::Global().FindByConfig(url.substr(url.rfind('/') + 1))->short_name);
  }
  return names;
}

TEST(RegularizerBattery, EveryRegularizerStandsInASpec) {
  std::set<std::string> seen;
  for (const Experiment& experiment : Experiments()) seen.merge(RegularizersOf(experiment));
  const auto names = PluginRegistry::Global().Names(Regularizer::kKind);
  EXPECT_FALSE(names.empty()) << "no regularizer is linked";
  std::vector<std::string> missing;
  for (const std::string& name : names) {
    if (seen.count(name) == 0) missing.push_back(name);
  }
  EXPECT_TRUE(missing.empty())
      << "these regularizers are in none of the specs of the battery: "
      << absl::StrJoin(missing, ", ")
      << ". Add each of them to the `regularizers` of a spec, and the spec to the `specs` of the "
         "battery's target. In pdarts itself, these specs are the files of the folder experiments.";
}

TEST(RegularizerBattery, HooksWorkThroughEveryStage) {
  for (const Experiment& experiment : Experiments()) {
    SCOPED_TRACE(experiment.spec.name());
    GoThrough(experiment);
  }
}

TEST(RegularizerBattery, AnInterruptedSearchEndsWhereAWholeOneDoes) {
  std::set<std::string> seen;
  for (const Experiment& experiment : Experiments()) {
    // Specs without a new regularizer are skipped, because they would only take time.
    const size_t before = seen.size();
    seen.merge(RegularizersOf(experiment));
    if (seen.size() == before) continue;
    SCOPED_TRACE(experiment.spec.name());
    std::vector<int> keep;
    for (int stage = 0; stage < experiment.schedule->num_stages(); ++stage) {
      keep.push_back(experiment.schedule->stage(stage).keep);
    }
    ExperimentSpec spec = experiment.spec;
    MakeTiny(keep, &spec);
    // In each stage: two epochs with two steps. Every second state is after a step without and with
    // training of the alphas, or the end of the stage.
    ExpectSomeStatesResumeToTheSameEnd(spec, /*stride=*/2);
  }
}

}  // namespace
}  // namespace pdarts
