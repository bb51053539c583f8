// What every regulariser must do, run over the shipped specs: each registered one stands in one.

#include <cmath>
#include <filesystem>
#include <set>

#include "gtest/gtest.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/spec.h"

namespace pdarts {
namespace {

/// Calls every hook through every stage of an experiment, on a small super-network.
void GoThrough(const Experiment& experiment) {
  for (int stage = 0; stage < experiment.schedule->num_stages(); ++stage) {
    SuperNetShape shape;
    shape.cells = 2;
    shape.channels = 2;
    const auto net = experiment.space
                         ->BuildSuperNet(AllCandidates(experiment.space->topology()), shape,
                                         MakeGenerator(1, "weights"))
                         .value();
    SearchContext context;
    context.stage = stage;
    context.num_stages = experiment.schedule->num_stages();
    context.shape = experiment.schedule->stage(stage);
    context.net = net.get();
    context.generator = MakeGenerator(1, "regularizers");
    for (size_t i = 0; i < experiment.regularizers.size(); ++i) {
      const auto& regularizer = experiment.regularizers[i];
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
        for (const auto& [name, value] : regularizer->Report()) {
          EXPECT_TRUE(std::isfinite(value)) << name;
        }
        // A new one that goes on from its state says the same.
        const Experiment resumed = MakeExperiment(experiment.spec).value();
        const auto& other = resumed.regularizers[i];
        ASSERT_TRUE(other->OnStageBegin(context).ok() && other->OnEpochBegin(context).ok());
        const absl::Status loaded = other->LoadState(regularizer->SaveState());
        ASSERT_TRUE(loaded.ok()) << loaded;
        EXPECT_EQ(other->Report(), regularizer->Report());
        EXPECT_EQ(other->SaveState(), regularizer->SaveState());
      }
    }
  }
  const auto derived_under = experiment.MakeDerivationOptions();
  for (const OperationLimit& limit : derived_under.limits) EXPECT_GE(limit.max, 0);
}

TEST(RegularizerBattery, HooksWorkThroughEveryShippedSpecAndCoverEveryRegularizer) {
  std::set<std::string> seen;
  for (const auto& entry : std::filesystem::directory_iterator("experiments")) {
    if (entry.path().extension() != ".textproto") continue;
    if (entry.path().filename().string().rfind("train_", 0) == 0) continue;  // no search
    const auto experiment = MakeExperiment(ReadSpecFile(entry.path().string()).value());
    ASSERT_TRUE(experiment.ok()) << experiment.status();
    for (const auto& config : experiment->spec.regularizers()) {
      const std::string& url = config.type_url();
      seen.insert(
          PluginRegistry::Global().FindByConfig(url.substr(url.rfind('/') + 1))->short_name);
    }
    GoThrough(*experiment);
  }
  const auto names = PluginRegistry::Global().Names(Regularizer::kKind);
  EXPECT_EQ(seen, std::set<std::string>(names.begin(), names.end()));
}

}  // namespace
}  // namespace pdarts
