// Tests that every spec of this repository loads, and that the list of plugins is complete.

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/repeated_field.h"
#include "gtest/gtest.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/training.h"
#include "pdarts/nn/network_counts.h"

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
  EXPECT_GT(count, 0) << "the folder experiments has no spec of a search";
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
  EXPECT_GT(count, 0) << "the folder experiments has no spec of a training";
}

TrainSpec ReadTrainSpec(const std::string& name) {
  TrainSpec spec;
  const absl::Status read =
      ReadSpecFileInto(absl::StrCat("experiments/", name, ".textproto"), &spec);
  EXPECT_TRUE(read.ok()) << read;
  const absl::Status complete = CompleteSpec(&spec);
  EXPECT_TRUE(complete.ok()) << complete;
  return spec;
}

std::vector<std::string> NamesOf(
    const google::protobuf::RepeatedPtrField<google::protobuf::Any>& list) {
  std::vector<std::string> names;
  for (const google::protobuf::Any& config : list) names.push_back(PluginShortName(config));
  return names;
}

// The settings of Chen et al., ICCV 2019 (docs/algorithm.md, "Training from scratch").
TEST(ShippedTrainingSpecs, ImageNetHasThePublishedSettings) {
  const auto training = MakeTraining(ReadTrainSpec("train_darts_imagenet"));
  ASSERT_TRUE(training.ok()) << training.status();
  const TrainSettings& train = training->spec.train();
  EXPECT_EQ(train.epochs(), 250);
  EXPECT_EQ(train.batch_size(), 1024);
  EXPECT_EQ(train.weights().learning_rate(), 0.5);
  EXPECT_EQ(train.weights().momentum(), 0.9);
  EXPECT_EQ(train.weights().weight_decay(), 3e-5);
  EXPECT_EQ(train.learning_rate_shape(), LINEAR);
  EXPECT_EQ(train.warmup_epochs(), 5);
  EXPECT_EQ(train.label_smoothing(), 0.1);
  EXPECT_EQ(train.auxiliary_weight(), 0.4);
  EXPECT_EQ(train.drop_path(), 0);
  EXPECT_THAT(NamesOf(train.transforms()),
              ::testing::ElementsAre("random_resized_crop", "flip", "color_jitter", "normalize"));
  EXPECT_THAT(NamesOf(train.evaluation_transforms()),
              ::testing::ElementsAre("resize_center_crop", "normalize"));
  const NetworkShape shape = training->Shape();
  EXPECT_EQ(shape.skeleton, "imagenet");
  EXPECT_EQ(shape.cells, 14);
  EXPECT_EQ(shape.channels, 48);
  EXPECT_EQ(shape.image.height, 224);
  EXPECT_EQ(shape.classes, 1000);
  const auto counts = CountNetwork(*training->space, training->architecture, shape);
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->params, 4944352);
  EXPECT_EQ(counts->macs, 542819328);
}

// docs/evaluation.md, "A training that compares architectures".
TEST(ShippedTrainingSpecs, TheJudgeSeesAllImagesWithoutRegularization) {
  const auto training = MakeTraining(ReadTrainSpec("train_darts_cifar10_judge"));
  ASSERT_TRUE(training.ok()) << training.status();
  const TrainSettings& train = training->spec.train();
  EXPECT_EQ(train.train_images(), 0);
  EXPECT_EQ(train.drop_path(), 0);
  EXPECT_EQ(train.auxiliary_weight(), 0);
  EXPECT_EQ(train.augmentation().cutout(), 0);
  EXPECT_EQ(training->Shape().cells, 5);
  EXPECT_EQ(training->Shape().channels, 16);
  EXPECT_EQ(training->Shape().image.height, 16);
}

TEST(ShippedTrainingSpecs, TheSmallOneOnImageNetHasSmallImagesAndAHundredClasses) {
  const auto training = MakeTraining(ReadTrainSpec("train_darts_imagenet_small"));
  ASSERT_TRUE(training.ok()) << training.status();
  EXPECT_EQ(training->spec.train().auxiliary_weight(), 0);
  EXPECT_EQ(training->Shape().skeleton, "cifar");
  EXPECT_EQ(training->Shape().image.height, 64);
  EXPECT_EQ(training->Shape().classes, 100);
}

// The settings of Dong and Yang, ICLR 2020 (docs/algorithm.md, "Training from scratch").
TEST(ShippedTrainingSpecs, ImageNet16HasTheSettingsOfTheBenchmark) {
  const auto training = MakeTraining(ReadTrainSpec("train_nasbench201_imagenet16"));
  ASSERT_TRUE(training.ok()) << training.status();
  const TrainSettings& train = training->spec.train();
  EXPECT_EQ(train.epochs(), 200);
  EXPECT_EQ(train.batch_size(), 256);
  EXPECT_EQ(train.weights().learning_rate(), 0.1);
  EXPECT_EQ(train.weights().weight_decay(), 5e-4);
  EXPECT_TRUE(train.weights().nesterov());
  EXPECT_EQ(train.learning_rate_shape(), COSINE);
  EXPECT_THAT(NamesOf(train.transforms()),
              ::testing::ElementsAre("pad_and_crop", "flip", "normalize"));
  EXPECT_EQ(training->Shape().image.height, 16);
  EXPECT_EQ(training->Shape().classes, 120);
}

// A new plugin changes these lists.
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
