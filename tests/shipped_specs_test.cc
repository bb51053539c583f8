// Every shipped spec loads, and the lists of specs and plugins are exact.

#include <filesystem>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/training.h"

namespace pdarts {
namespace {

TEST(ShippedSpecs, AllLoadAndFit) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("experiments")) {
    if (entry.path().extension() != ".textproto") continue;
    if (absl::StartsWith(entry.path().stem().string(), "train_")) continue;
    ++count;
    const auto spec = ReadSpecFile(entry.path().string());
    ASSERT_TRUE(spec.ok()) << spec.status();
    EXPECT_EQ(spec->name(), entry.path().stem());
    const auto experiment = MakeExperiment(*spec);
    EXPECT_TRUE(experiment.ok()) << entry.path() << ": " << experiment.status();
  }
  EXPECT_EQ(count, 20);
}

TEST(ShippedTrainingSpecs, AllLoadAndBuildTheirNetworks) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("experiments")) {
    if (!absl::StartsWith(entry.path().filename().string(), "train_")) continue;
    ++count;
    TrainSpec spec;
    const absl::Status read = ReadSpecFileInto(entry.path().string(), &spec);
    ASSERT_TRUE(read.ok()) << read;
    EXPECT_EQ(spec.name(), entry.path().stem());
    const auto training = MakeTraining(spec);
    ASSERT_TRUE(training.ok()) << entry.path() << ": " << training.status();
    EXPECT_TRUE(
        training->space
            ->BuildNetwork(training->architecture, training->Shape(), MakeGenerator(1, "weights"))
            .ok())
        << entry.path();
  }
  EXPECT_EQ(count, 7);
}

TEST(ShippedPlugins, AreTheseAndDescribed) {
  const auto names = [](const char* kind) { return PluginRegistry::Global().Names(kind); };
  EXPECT_THAT(names("search space"), ::testing::ElementsAre("darts", "nasbench201"));
  EXPECT_THAT(names("benchmark"), ::testing::ElementsAre("nasbench201", "nasbench301"));
  EXPECT_THAT(names("schedule"), ::testing::ElementsAre("darts", "pdarts"));
  EXPECT_THAT(names("regularizer"),
              ::testing::ElementsAre("beta_decay", "cost_penalty", "edge_drop_path",
                                     "probability_penalty", "skip_dropout", "skip_limit"));
  EXPECT_THAT(names("dataset"),
              ::testing::ElementsAre("cifar10", "cifar100", "cifar10_sample", "image_folder",
                                     "image_shards", "imagenet", "imagenet16", "synthetic"));
  EXPECT_THAT(names("transform"),
              ::testing::ElementsAre("color_jitter", "cutout", "flip", "normalize", "pad_and_crop",
                                     "random_resized_crop", "resize_center_crop"));
  for (const PluginInfo& info : PluginRegistry::Global().List()) {
    EXPECT_FALSE(info.description.empty()) << info.short_name;
  }
}

}  // namespace
}  // namespace pdarts
