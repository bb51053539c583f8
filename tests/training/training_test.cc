// Tests the training of derived networks: the network learns; a training that resumes from any of
// its states, through the bytes of a checkpoint, is identical to the uninterrupted training, to the
// bit; and errors are clear.

#include "pdarts/core/training.h"

#include <cmath>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "ATen/Parallel.h"
#include "ATen/ops/arange.h"
#include "ATen/ops/index_select.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "google/protobuf/any.pb.h"
#include "gtest/gtest.h"
#include "pdarts/core/network.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/testing/test_folder.h"
#include "pdarts/runs/checkpoint.h"
#include "pdarts/trainers/network_trainer.h"
#include "tests/batteries/image_files.h"
#include "tests/batteries/state_keeper.h"

namespace pdarts {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kSpec[] = R"(
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 32 width: 32 train_images: 20 test_images: 8
  }
}
genotype: "PDARTS"
network { cells: 3 channels: 4 }
train {
  epochs: 3 batch_size: 8 evaluation_batch_size: 4
  drop_path: 0.5 label_smoothing: 0.1 average_decay: 0.5
}
)";

/// `dataset` replaces the dataset in the text.
Training MakeTiny(const std::vector<std::string>& settings, const char* text = kSpec,
                  const google::protobuf::Any* dataset = nullptr) {
  at::set_num_threads(1);
  TrainSpec spec;
  EXPECT_TRUE(ParseSpecInto(text, "tiny", &spec).ok());
  if (dataset != nullptr) *spec.mutable_dataset() = *dataset;
  EXPECT_TRUE(CompleteSpec(&spec).ok());
  for (const std::string& setting : settings) EXPECT_TRUE(SetField(&spec, setting).ok()) << setting;
  absl::StatusOr<Training> training = MakeTraining(spec);
  EXPECT_TRUE(training.ok()) << training.status();
  return std::move(training).value();
}

class Log : public TrainObserver {
 public:
  absl::Status OnStep(const StepReport& report) override {
    steps.push_back(absl::StrFormat("%d %d %a", report.position.epoch, report.position.step,
                                    report.train.loss));
    return absl::OkStatus();
  }
  absl::Status OnEpochEnd(const TrainEpochReport& report) override {
    epochs.push_back(absl::StrFormat("%d %a %a %a %a %d", report.position.epoch, report.train.loss,
                                     report.test.loss, report.learning_rate, report.drop_path,
                                     report.is_best));
    test.push_back(report.test);
    is_best.push_back(report.is_best);
    skipped.push_back(report.skipped_images);
    return absl::OkStatus();
  }
  std::vector<std::string> steps, epochs;
  std::vector<Accuracy> test;
  std::vector<bool> is_best;
  std::vector<int64_t> skipped;
};

struct Outcome {
  absl::Status status;
  Log log;
  std::string end;  ///< the bytes of the last state
};

Outcome Train(const Training& training, StateKeeper* keeper, const TrainingState* from = nullptr) {
  const DatasetSplits data = training.dataset->Load({}).value();
  auto trainer = NetworkTrainer::Create(training, data).value();
  Outcome outcome;
  if (from != nullptr) {
    outcome.status = trainer->Restore(*from);
    if (!outcome.status.ok()) return outcome;
  }
  outcome.status = trainer->Train(keeper, &outcome.log);
  if (!keeper->contents.empty()) outcome.end = keeper->contents.back();
  return outcome;
}

void ExpectSameTensors(const std::string& a, const std::string& b) {
  const TrainingState one = DecodeCheckpoint(a).value().state;
  const TrainingState other = DecodeCheckpoint(b).value().state;
  ASSERT_EQ(one.tensors.size(), other.tensors.size());
  for (const auto& [name, tensor] : one.tensors) {
    EXPECT_TRUE(tensor.equal(other.tensors.at(name))) << name;
  }
}

/// Expects that a resumed training reported the same as the uninterrupted training from the state
/// on.
void ExpectTheRestOf(const Outcome& whole, const Outcome& resumed) {
  ASSERT_TRUE(resumed.status.ok()) << resumed.status;
  const auto rest = [](const std::vector<std::string>& lines, size_t count) {
    return std::vector<std::string>(lines.end() - static_cast<int64_t>(count), lines.end());
  };
  const Log& log = resumed.log;
  EXPECT_EQ(log.epochs, rest(whole.log.epochs, log.epochs.size()));
  EXPECT_EQ(log.steps, rest(whole.log.steps, log.steps.size()));
}

class TrainingResumeTest : public ::testing::TestWithParam<std::vector<std::string>> {};

TEST_P(TrainingResumeTest, ResumesFromItsStatesBitForBit) {
  const Training training = MakeTiny(GetParam());
  StateKeeper keeper;
  const Outcome whole = Train(training, &keeper);
  ASSERT_TRUE(whole.status.ok()) << whole.status;
  ASSERT_EQ(whole.log.epochs.size(), 3u);
  // An epoch has three states after steps and one state at its end.
  ASSERT_EQ(keeper.contents.size(), 12u);
  // With the default settings, the training resumes from every state. With other settings, it
  // resumes from states in each epoch, and from the state at the end of an epoch.
  const std::set<size_t> places = {2, 3, 5, 8};
  for (size_t i = 0; i < keeper.contents.size(); ++i) {
    if (!GetParam().empty() && places.count(i) == 0) continue;
    SCOPED_TRACE(keeper.places[i]);
    const TrainingState state = DecodeCheckpoint(keeper.contents[i]).value().state;
    StateKeeper rest;
    const Outcome resumed = Train(training, &rest, &state);
    ExpectTheRestOf(whole, resumed);
    if (!rest.contents.empty()) ExpectSameTensors(resumed.end, whole.end);
  }
}

INSTANTIATE_TEST_SUITE_P(Settings, TrainingResumeTest,
                         ::testing::Values(std::vector<std::string>{},
                                           std::vector<std::string>{"train.precision=BFLOAT16"},
                                           std::vector<std::string>{"train.precision=FLOAT16"},
                                           std::vector<std::string>{"train.accumulate=3"}));

/// All that a state holds of the network, its average and its optimizer is float32.
TEST(TrainingTest, SixteenBitsAreInNoCheckpoint) {
  StateKeeper other;
  const Outcome float32 = Train(MakeTiny({"train.epochs=1"}), &other);
  for (const char* precision : {"BFLOAT16", "FLOAT16"}) {
    SCOPED_TRACE(precision);
    StateKeeper keeper;
    const Outcome outcome =
        Train(MakeTiny({absl::StrCat("train.precision=", precision), "train.epochs=1"}), &keeper);
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    const TrainingState state = DecodeCheckpoint(outcome.end).value().state;
    for (const auto& [name, tensor] : state.tensors) {
      if (!tensor.is_floating_point()) continue;
      EXPECT_EQ(tensor.scalar_type(), at::kFloat) << name;
    }
    EXPECT_EQ(state.tensors.count("weights/loss_scale") > 0, precision == std::string("FLOAT16"));
    // The precision is used: the same training in float32 ends elsewhere.
    EXPECT_NE(outcome.log.epochs, float32.log.epochs);
  }
}

/// The test replaces the dataset by one that reads files.
constexpr char kOfFiles[] = R"(
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset { [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {} }
genotype: "PDARTS"
network { cells: 3 channels: 4 }
train {
  epochs: 2 batch_size: 8 evaluation_batch_size: 4
  auxiliary_weight: 0 drop_path: 0.5 average_decay: 0.5
  transforms { [type.googleapis.com/pdarts.transforms.RandomResizedCropConfig] {} }
  transforms { [type.googleapis.com/pdarts.transforms.FlipConfig] {} }
  transforms { [type.googleapis.com/pdarts.transforms.ColorJitterConfig] {} }
  transforms { [type.googleapis.com/pdarts.transforms.NormalizeConfig] {} }
}
)";

/// A training on 20 training images and 6 test images in files or in shards.
Training MakeOfFiles(const google::protobuf::Any& dataset, int workers,
                     std::vector<std::string> settings = {}) {
  settings.push_back(absl::StrCat("train.loading.workers=", workers));
  return MakeTiny(settings, kOfFiles, &dataset);
}

TEST(TrainingTest, OnFoldersAndShardsItResumesInMidEpochWithAnyNumberOfWorkers) {
  for (const google::protobuf::Any& dataset : WriteImageFiles(TestPath(), 20, 6)) {
    SCOPED_TRACE(dataset.type_url());
    StateKeeper none;
    const Outcome whole = Train(MakeOfFiles(dataset, /*workers=*/0), &none);
    ASSERT_TRUE(whole.status.ok()) << whole.status;
    ASSERT_EQ(whole.log.steps.size(), 6u);
    for (const int workers : {1, 4}) {
      SCOPED_TRACE(absl::StrCat(workers, " workers"));
      StateKeeper keeper;
      const Outcome same = Train(MakeOfFiles(dataset, workers), &keeper);
      ExpectTheRestOf(whole, same);
      EXPECT_EQ(same.log.steps.size(), 6u);
      ExpectSameTensors(same.end, whole.end);
      int in_mid_epoch = 0;
      for (size_t i = 0; i < keeper.contents.size(); ++i) {
        SCOPED_TRACE(keeper.places[i]);
        if (!absl::StrContains(keeper.places[i], " steps")) continue;
        ++in_mid_epoch;
        const TrainingState state = DecodeCheckpoint(keeper.contents[i]).value().state;
        for (const int others : {1, 4}) {
          StateKeeper rest;
          const Outcome resumed = Train(MakeOfFiles(dataset, others), &rest, &state);
          ExpectTheRestOf(whole, resumed);
          ExpectSameTensors(resumed.end, whole.end);
        }
      }
      EXPECT_EQ(in_mid_epoch, 6);
    }
  }
}

TEST(TrainingTest, AnImageThatCannotBeReadEndsItOrIsLeftOutAndCounted) {
  const std::string folder = TestPath();
  const google::protobuf::Any dataset = WriteImageFiles(folder, 20, 6)[0];
  const std::string train = absl::StrCat(folder, "/files/train/class_0/image_0.jpg");
  const std::string test = absl::StrCat(folder, "/files/test/class_0/image_20.jpg");
  CutOff(train);
  std::vector<std::string> steps;
  for (const int workers : {0, 1, 4}) {
    SCOPED_TRACE(workers);
    StateKeeper keeper;
    EXPECT_THAT(Train(MakeOfFiles(dataset, workers), &keeper).status.ToString(),
                AllOf(HasSubstr("DATA_LOSS"), HasSubstr(train),
                      HasSubstr("JPEG: Premature end of JPEG file")));
  }
  CutOff(test);
  for (const int workers : {0, 1, 4}) {
    SCOPED_TRACE(workers);
    StateKeeper keeper;
    const Outcome outcome =
        Train(MakeOfFiles(dataset, workers, {"train.loading.skip_unreadable=true"}), &keeper);
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    // In each epoch, one image in the steps and one image in the evaluation.
    EXPECT_EQ(outcome.log.skipped, (std::vector<int64_t>{2, 2}));
    if (steps.empty()) steps = outcome.log.steps;
    EXPECT_EQ(outcome.log.steps, steps);
  }
}

TEST(TrainingTest, StopsAnywhereAndResumes) {
  const Training training = MakeTiny({});
  StateKeeper keeper;
  const Outcome whole = Train(training, &keeper);
  ASSERT_TRUE(whole.status.ok());
  // The training may stop after each step, before each batch of the evaluation, and at the end of
  // an epoch.
  for (int stop_after : {0, 2, 3, 4, 5, 6, 9}) {
    SCOPED_TRACE(stop_after);
    StateKeeper stopped;
    stopped.stop_after = stop_after;
    const Outcome first = Train(training, &stopped);
    ASSERT_EQ(first.status.code(), absl::StatusCode::kCancelled) << first.status;
    const TrainingState state = DecodeCheckpoint(stopped.contents.back()).value().state;
    StateKeeper rest;
    const Outcome second = Train(training, &rest, &state);
    ASSERT_TRUE(second.status.ok()) << second.status;
    std::vector<std::string> epochs = first.log.epochs;
    epochs.insert(epochs.end(), second.log.epochs.begin(), second.log.epochs.end());
    EXPECT_EQ(epochs, whole.log.epochs);
    ExpectSameTensors(second.end, whole.end);
  }
}

TEST(TrainingTest, ASeedRepeatsAndAnotherDoesNot) {
  StateKeeper a, b, c;
  const Outcome one = Train(MakeTiny({}), &a);
  EXPECT_EQ(one.log.epochs, Train(MakeTiny({}), &b).log.epochs);
  EXPECT_NE(one.log.epochs, Train(MakeTiny({"seed=2"}), &c).log.epochs);
}

TEST(TrainingTest, TheFirstImagesAreThoseOfTheFirstBatch) {
  const Training training =
      MakeTiny({"train.augmentation.crop_padding=0", "train.augmentation.flip=false",
                "train.augmentation.cutout=0"});
  const DatasetSplits data = training.dataset->Load({}).value();
  const auto trainer = NetworkTrainer::Create(training, data).value();
  const absl::StatusOr<BatchPixels> few = trainer->FirstImages(3);
  ASSERT_TRUE(few.ok()) << few.status();
  EXPECT_EQ(few->indices.size(0), 3);
  EXPECT_TRUE(few->pixels.equal(data.train->InMemory().index_select(0, few->indices)));
  // The result has as many images as exist.
  const BatchPixels all = trainer->FirstImages(100).value();
  EXPECT_TRUE(std::get<0>(all.indices.sort()).equal(at::arange(20, at::kLong)));
  EXPECT_TRUE(all.indices.narrow(0, 0, 3).equal(few->indices));
  // The transforms are applied, and give the same images each time.
  const Training augmented = MakeTiny({});
  const auto other = NetworkTrainer::Create(augmented, data).value();
  const BatchPixels cut = other->FirstImages(3).value();
  EXPECT_TRUE(cut.indices.equal(few->indices));
  EXPECT_FALSE(cut.pixels.equal(few->pixels));
  EXPECT_TRUE(cut.pixels.equal(other->FirstImages(3)->pixels));
}

/// Stores the prediction for each test image.
class EvaluationLog : public Log {
 public:
  absl::Status OnEpochEnd(const TrainEpochReport& report) override {
    predicted_classes.push_back(report.evaluation->predicted_classes.clone());
    mistakes.push_back(report.evaluation->mistakes);
    return Log::OnEpochEnd(report);
  }
  std::vector<at::Tensor> predicted_classes;
  std::vector<std::vector<ConfidentMistake>> mistakes;
};

TEST(TrainingTest, TellsHowEachTestImageWasClassified) {
  const Training training = MakeTiny({});
  const DatasetSplits data = training.dataset->Load({}).value();
  const auto trainer = NetworkTrainer::Create(training, data).value();
  EvaluationLog log;
  ASSERT_TRUE(trainer->Train(/*checkpointer=*/nullptr, &log).ok());
  ASSERT_EQ(log.predicted_classes.size(), 3u);
  for (size_t epoch = 0; epoch < 3; ++epoch) {
    const at::Tensor correct = log.predicted_classes[epoch].eq(data.test->labels());
    EXPECT_EQ(100 * correct.sum().item<double>() / 8, log.test[epoch].top1);
    ASSERT_EQ(log.mistakes[epoch].size(), static_cast<size_t>(8 - correct.sum().item<int64_t>()));
    for (const ConfidentMistake& mistake : log.mistakes[epoch]) {
      EXPECT_EQ(log.predicted_classes[epoch][mistake.image].item<int64_t>(),
                mistake.predicted_class);
      EXPECT_GE(mistake.probability, 0.5)
          << "of two classes, the predicted class is the more probable one";
      EXPECT_TRUE(mistake.pixels.equal(data.test->InMemory()[mistake.image]));
    }
  }
}

TEST(TrainingTest, MeasuresTheAverageOfWeightsWhereOneIsAskedFor) {
  StateKeeper a, b;
  const Outcome averaged = Train(MakeTiny({}), &a);
  const Outcome plain = Train(MakeTiny({"train.average_decay=0"}), &b);
  EXPECT_EQ(averaged.log.steps, plain.log.steps);
  EXPECT_NE(averaged.log.test[0].loss, plain.log.test[0].loss);
  // The average: each step moves it by half of the distance.
  const auto weights = [](const std::string& content, const std::string& name) {
    return DecodeCheckpoint(content).value().state.tensors.at(name).clone();
  };
  const std::string weight = "classifier.weight";
  at::Tensor expected = weights(a.contents[0], "average/" + weight);
  for (size_t i = 1; i < 3; ++i) {
    expected = (expected + weights(a.contents[i], "net/" + weight)) / 2;
    EXPECT_TRUE(expected.allclose(weights(a.contents[i], "average/" + weight)));
  }
}

TEST(TrainingTest, LearnsRealImages) {
  constexpr char kReal[] = R"(
    name: "real"
    space { [type.googleapis.com/pdarts.nasbench201.NasBench201SpaceConfig] {} }
    dataset { [type.googleapis.com/pdarts.cifar10_sample.Cifar10SampleConfig] {} }
    genotype: "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
    network { cells: 1 channels: 8 }
    train { epochs: 8 batch_size: 32 auxiliary_weight: 0 drop_path: 0 augmentation { cutout: 0 } }
  )";
  StateKeeper keeper;
  const Outcome outcome = Train(MakeTiny({}, kReal), &keeper);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  // Random predictions give 10%. With this number of test images, their standard deviation is below
  // 3%.
  EXPECT_GT(outcome.log.test.back().top1, 25);
  EXPECT_LT(outcome.log.test.back().loss, outcome.log.test.front().loss);
}

TEST(TrainingTest, LearningRateOfTheSettings) {
  TrainSettings settings;
  settings.set_epochs(600);
  EXPECT_DOUBLE_EQ(LearningRate(settings, 0), 0.025);
  EXPECT_DOUBLE_EQ(LearningRate(settings, 300), 0.0125);
  // The learning rate of ImageNet (docs/algorithm.md, "Training from scratch"), with 0.5 for
  // batches of 1024.
  settings.set_epochs(250);
  settings.set_learning_rate_shape(LINEAR);
  settings.set_warmup_epochs(5);
  settings.mutable_weights()->set_learning_rate(0.5);
  EXPECT_DOUBLE_EQ(LearningRate(settings, 0), 0.1);
  EXPECT_DOUBLE_EQ(LearningRate(settings, 4), 0.5 * 241 / 245);
  EXPECT_DOUBLE_EQ(LearningRate(settings, 100), 0.5 * 145 / 245);
  EXPECT_DOUBLE_EQ(LearningRate(settings, 245), 0.5 * 5 / (5 * 245));
  EXPECT_DOUBLE_EQ(LearningRate(settings, 249), 0.5 * 1 / (5 * 245));
}

TEST(TrainingTest, TheSkeletonSaysHowLargeANetworkUsuallyIs) {
  // `count` uses the same function.
  TrainSpec spec;
  ASSERT_TRUE(ParseSpecInto(kSpec, "tiny", &spec).ok());
  spec.clear_network();
  absl::StatusOr<Training> training = MakeTraining(spec);
  ASSERT_TRUE(training.ok()) << training.status();
  EXPECT_EQ(training->Shape().cells, 20);
  EXPECT_EQ(training->Shape().channels, 36);
  EXPECT_EQ(training->Shape().skeleton, "cifar");
  spec.mutable_network()->set_skeleton("imagenet");
  training = MakeTraining(spec);
  ASSERT_TRUE(training.ok()) << training.status();
  EXPECT_EQ(training->spec.network().cells(), 14);
  EXPECT_EQ(training->Shape().cells, 14);
  EXPECT_EQ(training->Shape().channels, 48);
  EXPECT_EQ(training->Shape().image.height, 32) << "the dataset's";
  EXPECT_EQ(training->Shape().backend.kernels, FUSED);
  spec.mutable_train()->set_kernels(REFERENCE);
  EXPECT_EQ(MakeTraining(spec).value().Shape().backend.kernels, REFERENCE);
  spec.mutable_network()->set_skeleton("mnist");
  EXPECT_THAT(MakeTraining(spec).status().message(),
              HasSubstr("network.skeleton: unknown skeleton \"mnist\"; the space darts has: cifar, "
                        "imagenet"));
}

TEST(TrainingTest, WarmUpHasOneFactorForEachEpoch) {
  TrainSettings plain;
  plain.set_epochs(20);
  plain.mutable_weights()->set_cosine_by_step(true);
  TrainSettings warm = plain;
  warm.set_warmup_epochs(2);
  for (const double step : {0.0, 0.25, 0.75, 0.99}) {
    EXPECT_DOUBLE_EQ(LearningRate(warm, 0 + step), LearningRate(plain, 0 + step) / 2);
    EXPECT_DOUBLE_EQ(LearningRate(warm, 1 + step), LearningRate(plain, 1 + step));
    EXPECT_DOUBLE_EQ(LearningRate(warm, 2 + step), LearningRate(plain, 2 + step));
  }
}

TEST(TrainingTest, ALinearLearningRateMovesByEpochsOnly) {
  TrainSettings settings;
  settings.set_epochs(20);
  settings.set_learning_rate_shape(LINEAR);
  settings.mutable_weights()->set_cosine_by_step(true);
  for (int epoch = 0; epoch < 20; ++epoch) {
    EXPECT_DOUBLE_EQ(LearningRate(settings, epoch + 0.99), LearningRate(settings, epoch)) << epoch;
  }
}

absl::Status CreationError(const std::vector<std::string>& settings) {
  const Training training = MakeTiny(settings);
  const DatasetSplits data = training.dataset->Load({}).value();
  return NetworkTrainer::Create(training, data).status();
}

TEST(TrainingTest, RefusesWhatTheImagesDoNotBear) {
  EXPECT_THAT(CreationError({"train.batch_size=21"}).message(),
              HasSubstr("train.batch_size: 21 is larger than the training set of 20 images"));
  EXPECT_THAT(
      CreationError({"train.train_images=21"}).message(),
      HasSubstr("train.train_images: 21 images are requested, but the training split has 20"));
  EXPECT_THAT(CreationError({"train.batch_size=19"}).message(),
              HasSubstr("leaves a last batch of one"));
  EXPECT_TRUE(CreationError({"train.batch_size=19", "train.auxiliary_weight=0"}).ok());
}

TEST(TrainingTest, ABatchOfOneIsRefusedOnlyWhereANetworkCannotTrainOnIt) {
  for (const char* kernels : {"train.kernels=FUSED", "train.kernels=REFERENCE"}) {
    EXPECT_THAT(CreationError({"train.batch_size=1", kernels}).ToString(),
                AllOf(HasSubstr("INVALID_ARGUMENT: train.batch_size: 1 makes batches of one image, "
                                "which the network cannot train on"),
                      HasSubstr("choose another, or train.auxiliary_weight 0")));
    EXPECT_TRUE(CreationError({"train.batch_size=1", "train.auxiliary_weight=0", kernels}).ok());
    // After the two reductions, one pixel is left.
    const std::string small =
        CreationError({"dataset.height=4", "dataset.width=4", "train.batch_size=19",
                       "train.auxiliary_weight=0", kernels})
            .ToString();
    EXPECT_THAT(small, AllOf(HasSubstr("leaves a last batch of one of 20 images"),
                             HasSubstr("choose another"),
                             ::testing::Not(HasSubstr("train.auxiliary_weight"))));
  }
}

TEST(TrainingTest, PartsOfOneImageAreRefusedOnlyWhereANetworkCannotTrainOnThem) {
  EXPECT_THAT(CreationError({"train.accumulate=8"}).ToString(),
              AllOf(HasSubstr("INVALID_ARGUMENT: train.accumulate: 8 makes a part of one image of "
                              "a batch of 8, which the network cannot train on"),
                    HasSubstr("choose fewer parts, or train.auxiliary_weight 0")));
  EXPECT_THAT(CreationError({"train.batch_size=11", "train.accumulate=6"}).message(),
              HasSubstr("train.accumulate: 6 makes a part of one image of a batch of 11"));
  EXPECT_TRUE(CreationError({"train.accumulate=4"}).ok());
  EXPECT_TRUE(CreationError({"train.accumulate=8", "train.auxiliary_weight=0"}).ok());
}

TEST(TrainingTest, ASpaceWithoutAuxiliaryHeadTrainsOnABatchOfOne) {
  constexpr char kOther[] = R"(
    name: "tiny"
    space { [type.googleapis.com/pdarts.nasbench201.NasBench201SpaceConfig] {} }
    dataset {
      [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
        classes: 2 height: 8 width: 8 train_images: 9 test_images: 4
      }
    }
    genotype: "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|skip_connect~0|nor_conv_1x1~1|avg_pool_3x3~2|"
    network { cells: 1 channels: 4 }
    train { epochs: 1 batch_size: 8 }
  )";
  const Training training = MakeTiny({}, kOther);
  ASSERT_GT(training.spec.train().auxiliary_weight(), 0);
  StateKeeper keeper;
  const Outcome outcome = Train(training, &keeper);
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.log.steps.size(), 2u);
}

TEST(TrainingTest, StopsWhereTheLossIsNotFinite) {
  const Training training =
      MakeTiny({"train.weights.learning_rate=100", "train.weights.clip_norm=0",
                "train.weights.weight_decay=10", "train.average_decay=0"});
  const DatasetSplits data = training.dataset->Load({}).value();
  auto trainer = NetworkTrainer::Create(training, data).value();
  trainer->network().parameters().back().detach().fill_(NAN);
  StateKeeper keeper;
  Log log;
  const absl::Status status = trainer->Train(&keeper, &log);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(status.message(), HasSubstr("the loss became nan in epoch 1, step 1"));
  EXPECT_TRUE(keeper.contents.empty());
}

/// Changes the weights after the last step of an epoch, before the evaluation, so that they are not
/// finite.
class Spoiler : public Log {
 public:
  absl::Status OnStep(const StepReport& report) override {
    if (report.position.step + 1 == report.position.steps) {
      network->parameters().back().detach().fill_(NAN);
    }
    return absl::OkStatus();
  }
  Network* network = nullptr;
};

TEST(TrainingTest, StopsWhereTheLossOnTheTestImagesIsNotFinite) {
  const Training training = MakeTiny({"train.average_decay=0"});
  const DatasetSplits data = training.dataset->Load({}).value();
  auto trainer = NetworkTrainer::Create(training, data).value();
  Spoiler log;
  log.network = &trainer->network();
  const absl::Status status = trainer->Train(/*checkpointer=*/nullptr, &log);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(status.message(), HasSubstr("the loss on the test images is NaN"));
  EXPECT_THAT(status.message(), HasSubstr("evaluation after epoch 1: "));
  EXPECT_TRUE(log.epochs.empty()) << "the epoch was reported all the same";
  EXPECT_EQ(trainer->best_epoch(), -1);
}

TEST(TrainingTest, OfEpochsWithTheSameAccuracyTheOneOfTheLowestLossIsBest) {
  // With two test images, only three accuracies are possible, so most epochs have the same accuracy
  // as another one.
  StateKeeper keeper;
  const Outcome outcome = Train(
      MakeTiny({"train.epochs=10", "dataset.test_images=2", "train.average_decay=0"}), &keeper);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  const Log& log = outcome.log;
  Accuracy best;
  int decided_by_loss = 0;
  for (size_t epoch = 0; epoch < log.test.size(); ++epoch) {
    const Accuracy& now = log.test[epoch];
    const bool same = epoch > 0 && now.top1 == best.top1;
    const bool is_best = epoch == 0 || now.top1 > best.top1 || (same && now.loss < best.loss);
    EXPECT_EQ(log.is_best[epoch], is_best) << "epoch " << epoch;
    if (is_best) best = now;
    decided_by_loss += same && is_best ? 1 : 0;
  }
  EXPECT_GT(decided_by_loss, 0) << "no two epochs were compared by their losses";
}

TEST(TrainingTest, RefusesTheStateOfAnotherTraining) {
  const Training training = MakeTiny({});
  StateKeeper keeper;
  ASSERT_TRUE(Train(training, &keeper).status.ok());
  TrainingState state = DecodeCheckpoint(keeper.contents[0]).value().state;
  StateKeeper rest;
  const Training wider = MakeTiny({"network.channels=8"});
  EXPECT_EQ(Train(wider, &rest, &state).status.code(), absl::StatusCode::kDataLoss);
  state.trainer = "search";
  EXPECT_THAT(Train(training, &rest, &state).status.message(),
              HasSubstr("the state is of a \"search\""));
}

}  // namespace
}  // namespace pdarts
