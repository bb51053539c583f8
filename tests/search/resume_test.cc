// Tests that a search resumes from every state that it saved, through the bytes of a checkpoint,
// and ends identical to the uninterrupted search, to the bit. Tests that incomplete and foreign
// checkpoints are refused.

#include <cmath>
#include <cstdlib>

#include "ATen/ops/empty.h"
#include "ATen/ops/zeros.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "google/protobuf/any.pb.h"
#include "gtest/gtest.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/super_net.h"
#include "pdarts/runs/checkpoint.h"
#include "pdarts/trainers/search_trainer.h"
#include "tests/batteries/image_files.h"
#include "tests/batteries/make_spec.h"
#include "tests/batteries/tiny_search.h"
#include "tests/search/drifting.pb.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

/// A regularizer that has a state, changes the loss, and draws random numbers from its generator.
class Drifting : public Regularizer {
 public:
  explicit Drifting(int nan_from) : nan_from_(nan_from) {}
  absl::Status OnEpochBegin(const SearchContext& context) override {
    at::Generator generator = context.generator;
    pull_ = at::empty({1}, at::kDouble).uniform_(0, 1, generator).item<double>();
    return absl::OkStatus();
  }
  at::Tensor AlphaPenalty(const SearchContext& context) override {
    if (++calls_ == nan_from_) return context.super_net->ProbabilityTensor(0).sum() * NAN;
    return context.super_net->ProbabilityTensor(0).pow(2).sum() * (pull_ + calls_);
  }
  std::string SaveState() const override { return absl::StrFormat("%d %a", calls_, pull_); }
  absl::Status LoadState(absl::string_view state) override {
    const std::vector<std::string> words = absl::StrSplit(state, ' ');
    if (words.size() != 2) return absl::DataLossError("two words");
    calls_ = std::stoi(words[0]);
    pull_ = std::strtod(words[1].c_str(), nullptr);
    return absl::OkStatus();
  }

 private:
  const int nan_from_;
  double pull_ = 0;
  int calls_ = 0;
};

const bool registered = Registry<Regularizer>::Register<DriftingConfig>(
    "drifting", "of a test",
    [](const DriftingConfig& config) -> absl::StatusOr<std::unique_ptr<Regularizer>> {
      return std::make_unique<Drifting>(config.nan_from());
    });

constexpr char kSpec[] = R"(
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 8 width: 8 train_images: 42 test_images: 8
  }
}
schedule {
  [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {
    stages { cells: 2 channels: 2 epochs: 2 warmup_epochs: 1 keep: 4 }
    stages { cells: 3 channels: 2 epochs: 2 warmup_epochs: 0 keep: 1 }
  }
}
regularizers {
  [type.googleapis.com/pdarts.regularizers.SkipDropoutConfig] { initial_rates: [0.2, 0.4] }
}
regularizers { [type.googleapis.com/pdarts.regularizers.SkipLimitConfig] {} }
regularizers {
  [type.googleapis.com/pdarts.regularizers.EdgeDropPathConfig] { initial_rate: 0.1 final_rate: 0.3 }
}
regularizers { [type.googleapis.com/pdarts.regularizers.BetaDecayConfig] { initial_weight: 1 } }
regularizers {
  [type.googleapis.com/pdarts.regularizers.ProbabilityPenaltyConfig] { initial_weight: -1 }
}
regularizers { [type.googleapis.com/pdarts.DriftingConfig] {} }
search { batch_size: 8 evaluated_epochs: 1 evaluation_batch_size: 8 }
)";

ExperimentSpec SpecWith(const std::vector<std::string>& settings) {
  return MakeSpec<ExperimentSpec>(kSpec, settings);
}

SearchOutcome SearchWith(const std::vector<std::string>& settings, Checkpointer* checkpointer,
                         const TrainingState* resume = nullptr) {
  return Search(SpecWith(settings), checkpointer, resume);
}

class ResumeTest : public ::testing::TestWithParam<std::vector<std::string>> {};

// Each of the four epochs has three states after steps and one state at its end.

TEST(Resume, EveryStateResumesToTheSameEnd) {
  EXPECT_EQ(ExpectEveryStateResumesToTheSameEnd(SpecWith({})), 16);
}

TEST_P(ResumeTest, StatesOfEachKindResumeToTheSameEnd) {
  // One of every five states: in an epoch of the warm-up, at the end of the first stage, and in the
  // last epoch, in which the alphas train.
  EXPECT_EQ(ExpectSomeStatesResumeToTheSameEnd(SpecWith(GetParam()), /*stride=*/5), 16);
}

INSTANTIATE_TEST_SUITE_P(
    Settings, ResumeTest,
    ::testing::Values(
        std::vector<std::string>{
            "search.precision=FLOAT64", "search.kernels=REFERENCE", "search.weights.nesterov=true",
            "search.weights.cosine_by_step=true", "search.step_order=WEIGHTS_FIRST"},
        std::vector<std::string>{"search.precision=BFLOAT16"},
        // The state of the loss scale too. Only the command line refuses FLOAT16 on the CPU.
        std::vector<std::string>{"search.precision=FLOAT16"},
        std::vector<std::string>{"search.alpha_gradients=UNROLLED"},
        // On some edge, `none` is the most probable candidate. It must not be the only candidate
        // that the edge keeps.
        std::vector<std::string>{"schedule.stages[0].keep=1", "search.alpha_deviation=1"}));

TEST(Resume, OnFoldersAndShardsASearchResumesInMidEpochWithAnyNumberOfWorkers) {
  const std::string folder = absl::StrCat(::testing::TempDir(), "/of_files");
  for (const google::protobuf::Any& dataset : WriteImageFiles(folder, 20, 4)) {
    SCOPED_TRACE(dataset.type_url());
    const auto spec = [&](int workers) {
      ExperimentSpec of_files = SpecWith({absl::StrCat("search.loading.workers=", workers)});
      *of_files.mutable_dataset() = dataset;
      return of_files;
    };
    const SearchOutcome whole = Search(spec(0));
    for (const int workers : {1, 4}) {
      SCOPED_TRACE(absl::StrCat(workers, " workers"));
      StateKeeper keeper;
      const SearchOutcome same = Search(spec(workers), &keeper);
      ExpectSameEnd(whole, same);
      EXPECT_EQ(same.log.lines, whole.log.lines);
      int in_mid_epoch = 0;
      for (size_t i = 0; i < keeper.contents.size(); ++i) {
        // The states after the steps of the last epoch. In the second stage, alphas train in every
        // epoch.
        const std::string& place = keeper.places[i];
        if (!absl::StartsWith(place, "stage 2/2, epoch 1/2 done and ")) continue;
        SCOPED_TRACE(place);
        ++in_mid_epoch;
        const Checkpoint checkpoint = DecodeCheckpoint(keeper.contents[i]).value();
        const int others = 5 - workers;
        ExpectSameEnd(whole, Search(spec(others), nullptr, &checkpoint.state));
      }
      EXPECT_EQ(in_mid_epoch, 2);
    }
  }
}

/// Earlier versions let `none` be the only candidate of an edge.
TEST(Resume, ASearchOfWhichNothingCanBeDerivedKeepsWhatItTrained) {
  const std::vector<std::string> settings = {"schedule.stages[0].keep=1",
                                             "search.alpha_deviation=1"};
  std::vector<std::string> with_none = settings;
  with_none.push_back("space.allow_none=true");
  StateKeeper keeper;
  ASSERT_TRUE(SearchWith(with_none, &keeper).result.ok());
  const Checkpoint checkpoint = DecodeCheckpoint(keeper.contents.back()).value();
  const SearchOutcome outcome = SearchWith(settings, nullptr, &checkpoint.state);
  ASSERT_TRUE(outcome.result.ok()) << outcome.result.status();
  ASSERT_FALSE(outcome.result->derivation.ok());
  EXPECT_THAT(outcome.result->derivation.status().ToString(),
              HasSubstr("its only candidate is none"));

  const SuperNet& super_net = *outcome.result->super_net;
  const Experiment other = MakeExperiment(SpecWith(with_none)).value();
  EXPECT_TRUE(other.space->Derive(super_net.candidates(), super_net.Probabilities(), {}).ok());
}

TEST(Resume, AStopAnywhereSavesAndResumes) {
  const SearchOutcome plain = SearchWith({}, nullptr);
  // The search may stop after every step, before every batch of an evaluation, and at the end of
  // every epoch: at four places in an epoch, and at three more in the two epochs that are
  // evaluated.
  constexpr int kStops = 4 * 4 + 2 * 3;
  StateKeeper to_the_end;
  to_the_end.stop_after = kStops;
  EXPECT_TRUE(SearchWith({}, &to_the_end).result.ok());
  // Places of each kind in both stages: in the first epoch 0 to 3, in the second one, with its
  // evaluation, 4 to 10, and in the last one 15 to 21.
  for (const int stops : {0, 3, 5, 7, 9, 10, 12, 16, 19, 21}) {
    SCOPED_TRACE(stops);
    StateKeeper keeper;
    keeper.stop_after = stops;
    const SearchOutcome stopped = SearchWith({}, &keeper);
    ASSERT_EQ(stopped.result.status().code(), absl::StatusCode::kCancelled);
    const Checkpoint checkpoint = DecodeCheckpoint(keeper.contents.back()).value();
    const SearchOutcome resumed = SearchWith({}, nullptr, &checkpoint.state);
    ExpectSameEnd(plain, resumed);
    EXPECT_EQ(stopped.log.lines.size() + resumed.log.lines.size(), plain.log.lines.size());
  }
}

TEST(Resume, ACheckpointThatIsCutOrFlippedIsRefused) {
  StateKeeper keeper;
  ASSERT_TRUE(SearchWith({}, &keeper).result.ok());
  std::string content = keeper.contents[5];
  ASSERT_GT(content.size(), 100000u);
  for (size_t size = 0; size < content.size(); size += 4096) {
    EXPECT_EQ(DecodeCheckpoint(content.substr(0, size)).status().code(),
              absl::StatusCode::kDataLoss);
    content[size + 7] = static_cast<char>(content[size + 7] ^ 1 << size / 4096 % 8);
    EXPECT_EQ(DecodeCheckpoint(content).status().code(), absl::StatusCode::kDataLoss);
    content[size + 7] = static_cast<char>(content[size + 7] ^ 1 << size / 4096 % 8);
  }
  EXPECT_TRUE(DecodeCheckpoint(content).ok());
}

TEST(Resume, AStateThatDoesNotFitIsRefused) {
  StateKeeper keeper;
  ASSERT_TRUE(SearchWith({}, &keeper).result.ok());
  const TrainingState good = DecodeCheckpoint(keeper.contents[5]).value().state;
  const auto refused = [](const TrainingState& state,
                          const std::vector<std::string>& settings = {}) {
    const absl::Status status = SearchWith(settings, nullptr, &state).result.status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    return status.ToString();
  };
  // One tensor of each kind. If it is missing, the error names it. If it has another shape, it is
  // refused.
  for (const char* name :
       {"net/stem.0.weight", "net/stem.1.running_var", "net/alphas_normal", "weights/momentum/0",
        "alphas/means/1", "alphas/squares/0", "alphas/steps/0", "regularizers/generator"}) {
    TrainingState state = good;
    const at::Tensor tensor = state.tensors.at(name);
    state.tensors.erase(name);
    EXPECT_THAT(refused(state), HasSubstr(std::string(name).substr(0, 7)));
    state.tensors[name] = at::zeros({3}, tensor.options());
    EXPECT_THAT(refused(state), HasSubstr(std::string(name).substr(0, 7)));
  }
  TrainingState other = good;
  other.trainer = "retrain";
  EXPECT_THAT(refused(other),
              HasSubstr("the state is of a \"retrain\", one of a \"search\" is expected"));
  other = good;
  other.progress = "x";
  refused(other);
  refused(good, {"schedule.stages[0].channels=4"});
  refused(good, {"schedule.stages[0].cells=3"});
}

TEST(Resume, WhatIsNoNumberIsNeitherSavedNorDerivedFrom) {
  StateKeeper keeper;
  const SearchOutcome outcome =
      SearchWith({"search.weights.learning_rate=100", "search.weights.clip_norm=0",
                  "search.weights.weight_decay=10", "schedule.stages[0].epochs=12",
                  "schedule.stages[0].warmup_epochs=12"},
                 &keeper);
  ASSERT_FALSE(outcome.result.ok());
  EXPECT_THAT(outcome.result.status().ToString(), HasSubstr("in stage 1, epoch "));
  ASSERT_FALSE(keeper.contents.empty());
  for (const std::string& content : keeper.contents) {
    EXPECT_EQ(FirstNotFinite(DecodeCheckpoint(content).value().state), "");
  }
  // Alphas that do not influence the loss any more: those after the last step, before the
  // derivation.
  StateKeeper last;
  const SearchOutcome alphas = SearchWith({"regularizers[drifting].nan_from=9"}, &last);
  EXPECT_THAT(alphas.result.status().ToString(),
              HasSubstr("an alpha is not a finite number in stage 2, epoch 2, step 3"));
  EXPECT_EQ(last.places.back(), "stage 2/2, epoch 1/2 done and 2 steps");
}

}  // namespace
}  // namespace pdarts
