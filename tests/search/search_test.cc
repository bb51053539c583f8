// Tests complete searches on synthetic images: they repeat to the bit, follow the schedule, change
// alphas, and never derive from numbers that are not finite.

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "ATen/Parallel.h"
#include "ATen/ops/arange.h"
#include "ATen/ops/index_select.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/super_net.h"
#include "pdarts/core/tensor_memory.h"
#include "pdarts/trainers/memory_estimate.h"
#include "pdarts/trainers/search_trainer.h"
#include "tests/batteries/image_files.h"
#include "tests/batteries/make_spec.h"

namespace pdarts {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kSpec[] = R"(
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 8 width: 8 train_images: 32 test_images: 8
  }
}
schedule {
  [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {
    stages { cells: 2 channels: 2 epochs: 2 warmup_epochs: 1 keep: 4 }
    stages { cells: 3 channels: 2 epochs: 2 warmup_epochs: 1 keep: 1 }
  }
}
regularizers {
  [type.googleapis.com/pdarts.regularizers.SkipDropoutConfig] { initial_rates: [0, 0.4] }
}
regularizers { [type.googleapis.com/pdarts.regularizers.SkipLimitConfig] {} }
regularizers {
  [type.googleapis.com/pdarts.regularizers.EdgeDropPathConfig] { initial_rate: 0.1 final_rate: 0.3 }
}
search { batch_size: 8 evaluated_epochs: 1 }
)";

/// Stores what a search reports.
class Listener : public SearchObserver {
 public:
  absl::Status OnStageBegin(const SearchPosition& position, const SuperNet& super_net) override {
    initial.push_back(super_net.Probabilities());
    candidates.push_back(super_net.candidates());
    return absl::OkStatus();
  }
  absl::Status OnEpochEnd(const EpochReport& report) override {
    epochs.push_back(report);
    return absl::OkStatus();
  }
  absl::Status OnStageEnd(const SearchPosition& position, const SuperNet& super_net,
                          const Candidates& kept) override {
    final.push_back(super_net.Probabilities());
    this->kept.push_back(kept);
    return absl::OkStatus();
  }
  std::vector<EdgeProbabilities> initial, final;
  std::vector<Candidates> candidates, kept;
  std::vector<EpochReport> epochs;
};

struct Outcome {
  absl::StatusOr<SearchResult> result;
  Listener heard;
};

Outcome Search(const std::vector<std::string>& settings = {}, int threads = 1,
               const SearchOptions& options = {}) {
  at::set_num_threads(threads);
  const absl::StatusOr<Experiment> experiment =
      MakeExperiment(MakeSpec<ExperimentSpec>(kSpec, settings));
  EXPECT_TRUE(experiment.ok()) << experiment.status();
  const DatasetSplits data = experiment->dataset->Load({}).value();
  Outcome outcome;
  outcome.result = RunSearch(*experiment, data, options, &outcome.heard);
  return outcome;
}

TEST(Search, ImagesThatCannotBeReadAreCountedInAllPasses) {
  auto spec = MakeSpec<ExperimentSpec>(kSpec);
  const std::string folder = absl::StrCat(::testing::TempDir(), "/unreadable");
  *spec.mutable_dataset() = WriteImageFiles(folder, /*train_images=*/24, /*test_images=*/4)[0];
  spec.mutable_search()->mutable_loading()->set_skip_unreadable(true);
  const absl::StatusOr<Experiment> experiment = MakeExperiment(spec);
  ASSERT_TRUE(experiment.ok()) << experiment.status();
  // One of the twelve images of the half of the weights, and two images of the half of the alphas.
  const DatasetSplits whole = experiment->dataset->Load({}).value();
  for (const int64_t image : {3, 15, 16}) CutOff(whole.train->Name(image));
  at::set_num_threads(1);
  Listener heard;
  const absl::Status status =
      RunSearch(*experiment, experiment->dataset->Load({}).value(), {}, &heard).status();
  ASSERT_TRUE(status.ok()) << status;
  // Each stage has one epoch that trains only weights, and one epoch that trains alphas and
  // evaluates the super-network.
  std::vector<int64_t> skipped;
  for (const EpochReport& report : heard.epochs) skipped.push_back(report.skipped_images);
  EXPECT_THAT(skipped, ::testing::ElementsAre(1, 5, 1, 5));
}

TEST(Search, TheFirstImagesAreOfTheWeightsHalf) {
  const auto spec = MakeSpec<ExperimentSpec>(
      kSpec, {"search.augmentation.crop_padding=0", "search.augmentation.flip=false",
              "search.augmentation.cutout=0"});
  const absl::StatusOr<Experiment> experiment = MakeExperiment(spec);
  ASSERT_TRUE(experiment.ok()) << experiment.status();
  const DatasetSplits data = experiment->dataset->Load({}).value();
  const absl::StatusOr<BatchPixels> few = FirstImages(*experiment, data, 5);
  ASSERT_TRUE(few.ok()) << few.status();
  EXPECT_EQ(few->indices.size(0), 5);
  EXPECT_TRUE(few->pixels.equal(data.train->InMemory().index_select(0, few->indices)));
  // The first half of the 32 images trains weights.
  const BatchPixels all = FirstImages(*experiment, data, 100).value();
  EXPECT_TRUE(std::get<0>(all.indices.sort()).equal(at::arange(16, at::kLong)));
  EXPECT_TRUE(all.indices.narrow(0, 0, 5).equal(few->indices));
}

TEST(Search, ShrinksAsTheScheduleSaysAndMovesAlphasAfterWarmUp) {
  const Outcome outcome = Search();
  ASSERT_TRUE(outcome.result.ok()) << outcome.result.status();
  const Listener& heard = outcome.heard;
  ASSERT_EQ(heard.candidates.size(), 2u);
  EXPECT_EQ(heard.candidates[0][0][0].size(), 8u);
  EXPECT_EQ(heard.candidates[1][0][0].size(), 4u);
  EXPECT_EQ(heard.kept[0], heard.candidates[1]);
  EXPECT_EQ(heard.kept[1][0][0].size(), 1u);
  for (int stage = 0; stage < 2; ++stage) EXPECT_NE(heard.initial[stage], heard.final[stage]);
  ASSERT_EQ(heard.epochs.size(), 4u);
  for (int epoch = 0; epoch < 4; ++epoch) {
    EXPECT_EQ(heard.epochs[epoch].alpha_loss.has_value(), epoch % 2 == 1);
    EXPECT_EQ(heard.epochs[epoch].supernet.has_value(), epoch % 2 == 1);
  }
}

TEST(Search, TheTraceNamesWhatEveryEdgeLost) {
  const Outcome outcome = Search();
  ASSERT_TRUE(outcome.result.ok()) << outcome.result.status();
  const DerivationTrace& trace = outcome.result->derivation->trace;
  ASSERT_EQ(trace.edges_size(), 28);
  for (const EdgeDecision& edge : trace.edges()) {
    EXPECT_EQ(edge.pruned_size(), 4) << edge.DebugString();
    EXPECT_EQ(edge.candidates_size(), 4);
    for (const PrunedOperation& pruned : edge.pruned()) EXPECT_EQ(pruned.stage(), 1);
  }
}

/// The alphas are random and do not train. On some edge, `none` is the most probable candidate.
TEST(Search, AnEarlyStageThatKeepsOneCandidateLeavesSomethingToDerive) {
  const Outcome outcome = Search(
      {"schedule.stages[0].keep=1", "search.alpha_deviation=1", "search.alphas.learning_rate=0"});
  ASSERT_TRUE(outcome.result.ok()) << outcome.result.status();
  const absl::StatusOr<Derivation>& derivation = outcome.result->derivation;
  ASSERT_TRUE(derivation.ok()) << derivation.status();
  EXPECT_THAT(derivation->trace.notes(),
              ::testing::Contains(HasSubstr("the stage would have left only none")));
  for (const CellCandidates& kind : outcome.heard.kept[0]) {
    for (const EdgeCandidates& edge : kind) EXPECT_NE(edge, EdgeCandidates{0});
  }
}

TEST(Search, TheTraceNamesAlphasThatDidNotTrain) {
  // Both cells of the network are reduction cells, and two steps with eight images change the
  // alphas by less than the noise.
  const Outcome outcome = Search();
  ASSERT_TRUE(outcome.result.ok()) << outcome.result.status();
  const auto& notes = outcome.result->derivation->trace.notes();
  EXPECT_THAT(notes, ::testing::Contains(HasSubstr("stage 1: the alphas get only 2 steps")));
  EXPECT_THAT(notes, ::testing::Contains(HasSubstr("stage 1: a super-network of 2 cells has no "
                                                   "normal cell")));
  EXPECT_THAT(notes, ::testing::Contains(HasSubstr("stage 2: the alphas get only 2 steps")));

  const Outcome trained =
      Search({"search.alphas.learning_rate=0.01", "schedule.stages[0].cells=3"});
  ASSERT_TRUE(trained.result.ok()) << trained.result.status();
  EXPECT_THAT(trained.result->derivation->trace.notes(),
              ::testing::Each(::testing::Not(HasSubstr("the random start of the alphas"))));
}

TEST(Search, RepeatsBitForBit) {
  const Outcome a = Search({}, 2), b = Search({}, 2), c = Search({"seed=2"});
  ASSERT_TRUE(a.result.ok() && b.result.ok() && c.result.ok());
  EXPECT_EQ(a.heard.final, b.heard.final);
  EXPECT_NE(a.heard.final, c.heard.final);
  const auto parameters = a.result->super_net->named_parameters();
  const auto others = b.result->super_net->named_parameters();
  for (const auto& item : parameters) {
    EXPECT_TRUE(item.value().equal(others[item.key()])) << item.key();
  }
  for (size_t i = 0; i < a.heard.epochs.size(); ++i) {
    EXPECT_EQ(a.heard.epochs[i].train.loss, b.heard.epochs[i].train.loss);
  }
}

TEST(Search, ALossThatIsNoNumberStopsItWithItsPlace) {
  const Outcome outcome = Search({"search.weights.learning_rate=100", "search.weights.clip_norm=0",
                                  "search.weights.weight_decay=10", "schedule.stages[0].epochs=12",
                                  "schedule.stages[0].warmup_epochs=12"});
  ASSERT_FALSE(outcome.result.ok());
  EXPECT_THAT(outcome.result.status().ToString(), HasSubstr("in stage 1, epoch "));
}

TEST(Search, ImageSidesThatDoNotFitAreAnError) {
  const Outcome outcome = Search({"dataset.height=10"});
  ASSERT_FALSE(outcome.result.ok());
  EXPECT_THAT(outcome.result.status().ToString(), HasSubstr("10"));
  EXPECT_THAT(outcome.result.status().ToString(), HasSubstr("divisible by 4"));
}

TEST(Search, ABatchOfOneThatCannotBeNormalizedIsRefusedBeforeTheFirstStep) {
  // The two reductions reduce images of 4x4 pixels to one pixel.
  for (const char* kernels : {"search.kernels=FUSED", "search.kernels=REFERENCE"}) {
    const auto error = [&](const std::vector<std::string>& more) {
      std::vector<std::string> settings = {"dataset.height=4",
                                           "dataset.width=4",
                                           "search.augmentation.crop_padding=0",
                                           "schedule.stages[0].epochs=1",
                                           "schedule.stages[0].warmup_epochs=0",
                                           "schedule.stages[1].epochs=1",
                                           "schedule.stages[1].warmup_epochs=0",
                                           kernels};
      settings.insert(settings.end(), more.begin(), more.end());
      const Outcome outcome = Search(settings);
      EXPECT_TRUE(outcome.heard.candidates.empty() || outcome.result.ok());
      return outcome.result.status().ToString();
    };
    EXPECT_THAT(error({"search.train_images=18"}),
                AllOf(HasSubstr("INVALID_ARGUMENT: search.batch_size: 8 leaves a last batch of one "
                                "of 9 images, which stage 1 cannot train on"),
                      HasSubstr("more than one value for each channel")));
    EXPECT_THAT(
        error({"search.batch_size=1"}),
        HasSubstr(
            "search.batch_size: 1 makes batches of one image, which stage 1 cannot train on"));
    EXPECT_EQ(error({}), "OK");
    // Larger images are accepted.
    EXPECT_EQ(error({"search.train_images=18", "dataset.height=8", "dataset.width=8"}), "OK");
  }
}

TEST(Search, AStageThatDoesNotFitIsRefusedWithTheBatchThatWould) {
  SearchOptions options;
  options.memory.limit = MemoryLimit{"some limit", 100000000};
  // A half has 2000 images, so no step has more images.
  const std::vector<std::string> settings = {"search.batch_size=65536",
                                             "dataset.train_images=4000"};
  const Outcome outcome = Search(settings, 1, options);
  EXPECT_EQ(outcome.result.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(outcome.result.status().ToString(), HasSubstr("stage 1 needs about "));
  EXPECT_THAT(outcome.result.status().ToString(), HasSubstr(" MB at batch 2000 and "));
  EXPECT_THAT(outcome.result.status().ToString(),
              HasSubstr("100 MB are free (some limit); a batch of "));
  EXPECT_TRUE(outcome.heard.epochs.empty());
  options.memory.allow_swap = true;
  EXPECT_TRUE(Search({}, 1, options).result.ok());
}

TEST(Search, ABatchLargerThanTheDataNeedsTheMemoryOfTheData) {
  SearchOptions options;
  options.memory.limit = MemoryLimit{"some limit", 200000000};
  const Outcome outcome = Search({"search.batch_size=65536"}, 1, options);
  EXPECT_TRUE(outcome.result.ok()) << outcome.result.status();
}

TEST(Search, AStageWhoseSmallestBatchesDoNotFitIsRefused) {
  SearchOptions options;
  options.memory.limit = MemoryLimit{"some limit", 100000};
  const Outcome outcome = Search({}, 1, options);
  EXPECT_EQ(outcome.result.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(outcome.result.status().ToString(),
              HasSubstr("stage 1 needs more memory than there is: 0 MB are free (some limit)"));
}

/// Stored activations take most of the memory of these steps, and bfloat16 halves them. In the
/// measured searches, bfloat16 saves 36 to 49% of all memory (docs/performance.md, "bfloat16").
TEST(Search, AStageInBfloat16IsEstimatedToNeedLessMemory) {
  at::set_num_threads(1);
  const auto bytes_of_an_image = [](const std::string& precision) {
    const Experiment experiment =
        MakeExperiment(
            MakeSpec<ExperimentSpec>(
                kSpec, {"dataset.height=16", "dataset.width=16", "schedule.stages[0].channels=8",
                        absl::StrCat("search.precision=", precision)}))
            .value();
    const absl::StatusOr<MemoryEstimate> estimate =
        EstimateStageMemory(experiment, /*stage=*/0, experiment.space->InitialCandidates().value(),
                            {/*training=*/64, /*evaluation=*/0}, MemoryPolicy());
    EXPECT_TRUE(estimate.ok()) << estimate.status();
    return estimate.ok() ? estimate->batch_memory.per_image : 0;
  };
  const double bfloat16 = bytes_of_an_image("BFLOAT16"), float32 = bytes_of_an_image("FLOAT32");
  EXPECT_GT(bfloat16, 0);
  EXPECT_LT(bfloat16, 0.75 * float32);
}

TEST(Search, MemoryThatCannotBeAllocatedIsAnErrorWithItsPlace) {
  SearchOptions options;
  options.memory.allow_swap = true;
  int64_t peak = 0;
  {
    const TensorMemory memory;
    ASSERT_TRUE(Search({}, 1, options).result.ok());
    peak = memory.peak();
  }
  const TensorMemory memory(peak - peak / 10);
  const Outcome outcome = Search({}, 1, options);
  EXPECT_EQ(outcome.result.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(outcome.result.status().ToString(),
              ::testing::ContainsRegex("stage [12], epoch [12], step [1-4]: out of memory"));
}

/// With the same seed in float64, FUSED and REFERENCE lead to the same alphas.
TEST(Search, KernelsReachTheSameAlphas) {
  const std::vector<std::string> settings = {
      "search.precision=FLOAT64", "schedule.stages[0].epochs=3", "schedule.stages[1].epochs=3"};
  std::vector<std::string> plain = settings, fused = settings;
  plain.push_back("search.kernels=REFERENCE");
  fused.push_back("search.kernels=FUSED");
  const Outcome a = Search(plain), b = Search(fused);
  ASSERT_TRUE(a.result.ok() && b.result.ok());
  EXPECT_EQ(a.heard.kept, b.heard.kept);
  for (size_t stage = 0; stage < 2; ++stage) {
    EXPECT_NE(a.heard.initial[stage], a.heard.final[stage]);
    for (size_t kind = 0; kind < 2; ++kind) {
      for (size_t edge = 0; edge < 14; ++edge) {
        const auto& p = a.heard.final[stage][kind][edge];
        const auto& q = b.heard.final[stage][kind][edge];
        for (size_t i = 0; i < p.size(); ++i) EXPECT_NEAR(p[i], q[i], 1e-9);
      }
    }
  }
  for (size_t kind = 0; kind < 2; ++kind) {
    const at::Tensor difference =
        a.result->super_net->alphas()[kind] - b.result->super_net->alphas()[kind];
    EXPECT_LT(difference.abs().max().item<double>(), 1e-9);
  }
}

const std::vector<std::string> kNothingDropped = {"regularizers[skip_dropout].initial_rates[1]=0",
                                                  "regularizers[edge_drop_path].initial_rate=0",
                                                  "regularizers[edge_drop_path].final_rate=0"};

std::vector<std::string> Joined(std::vector<std::string> settings,
                                const std::vector<std::string>& more) {
  settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}

TEST(Search, UnrolledGradientsMoveTheAlphasElsewhere) {
  const Outcome first = Search(), unrolled = Search({"search.alpha_gradients=UNROLLED"});
  ASSERT_TRUE(unrolled.result.ok()) << unrolled.result.status();
  EXPECT_NE(unrolled.heard.final[0], first.heard.final[0]);
  EXPECT_NE(unrolled.heard.final[0], unrolled.heard.initial[0]);
}

/// The weights train as if no alphas were trained: unrolling restores the weights, their momentum
/// and the running statistics.
TEST(Search, UnrollingLeavesNoTraceInTheWeights) {
  const std::vector<std::string> alphas_stay =
      Joined(kNothingDropped, {"search.alphas.learning_rate=0"});
  const Outcome warm_up = Search(Joined(
      alphas_stay, {"schedule.stages[0].warmup_epochs=2", "schedule.stages[1].warmup_epochs=2"}));
  const Outcome unrolled = Search(Joined(alphas_stay, {"search.alpha_gradients=UNROLLED"}));
  ASSERT_TRUE(warm_up.result.ok() && unrolled.result.ok()) << unrolled.result.status();
  EXPECT_FALSE(warm_up.heard.epochs[3].alpha_loss.has_value());
  EXPECT_TRUE(unrolled.heard.epochs[3].alpha_loss.has_value());
  for (const auto& [a, b] : {std::pair(warm_up.result->super_net->named_parameters(),
                                       unrolled.result->super_net->named_parameters()),
                             std::pair(warm_up.result->super_net->named_buffers(),
                                       unrolled.result->super_net->named_buffers())}) {
    for (const auto& item : a) EXPECT_TRUE(item.value().equal(b[item.key()])) << item.key();
  }
}

/// If the weights do not change, there is nothing to unroll. The gradients are then the first-order
/// gradients, with the same masks.
TEST(Search, UnrolledAtNoLearningRateIsFirstOrderWithTheSameMasks) {
  const std::vector<std::string> weights_stay = {"search.weights.learning_rate=0",
                                                 "search.precision=FLOAT64"};
  const Outcome first = Search(weights_stay);
  const Outcome unrolled = Search(Joined(weights_stay, {"search.alpha_gradients=UNROLLED"}));
  ASSERT_TRUE(first.result.ok() && unrolled.result.ok()) << unrolled.result.status();
  for (size_t kind = 0; kind < 2; ++kind) {
    const at::Tensor difference =
        first.result->super_net->alphas()[kind] - unrolled.result->super_net->alphas()[kind];
    EXPECT_LT(difference.abs().max().item<double>(), 1e-9);
  }
}

TEST(Search, FewerImagesThanAskedForIsAnError) {
  EXPECT_THAT(Search({"search.train_images=33"}).result.status().ToString(),
              HasSubstr("search.train_images: 33 images are requested, but the dataset has 32"));
}

}  // namespace
}  // namespace pdarts
