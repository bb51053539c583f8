// A search goes on from every state that it saved, through the bytes of a checkpoint, and ends bit
// for bit where the uninterrupted one ends. What isn't a whole checkpoint of it is refused.

#include <cmath>
#include <cstdlib>

#include "ATen/Parallel.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/zeros.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/spec.h"
#include "pdarts/runs/checkpoint.h"
#include "pdarts/trainers/search_trainer.h"
#include "tests/search/drifting.pb.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

/// A regulariser with a state of its own, which moves the loss, and draws from its generator.
class Drifting : public Regularizer {
 public:
  explicit Drifting(int nan_from) : nan_from_(nan_from) {}
  absl::Status OnEpochBegin(const SearchContext& context) override {
    at::Generator generator = context.generator;
    pull_ = at::empty({1}, at::kDouble).uniform_(0, 1, generator).item<double>();
    return absl::OkStatus();
  }
  at::Tensor AlphaPenalty(const SearchContext& context) override {
    if (++calls_ == nan_from_) return context.net->ProbabilityTensor(0).sum() * NAN;
    return context.net->ProbabilityTensor(0).pow(2).sum() * (pull_ + calls_);
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

/// Keeps every state that it is given, as the content of a checkpoint.
class Keeper : public Checkpointer {
 public:
  bool Due() override { return true; }
  absl::Status Save(const TrainingState& state) override {
    Checkpoint checkpoint;
    checkpoint.state = state;
    places.push_back(state.place);
    contents.push_back(EncodeCheckpoint(checkpoint));
    return absl::OkStatus();
  }
  bool StopRequested() override { return stop_after >= 0 && asked++ >= stop_after; }

  std::vector<std::string> places, contents;
  int stop_after = -1;
  int asked = 0;
};

/// What a log would hold, without times.
class Log : public SearchObserver {
 public:
  absl::Status OnStageBegin(const SearchPosition& position, const SuperNet& net) override {
    lines.push_back(absl::StrCat("begin ", position.stage));
    return absl::OkStatus();
  }
  absl::Status OnResume(const SearchPosition& position, const SuperNet& net) override {
    ++resumed;
    return absl::OkStatus();
  }
  absl::Status OnEpochEnd(const EpochReport& report) override {
    std::string line =
        absl::StrFormat("epoch %d %a %a %a %a %a", report.position.epoch, report.weight_loss,
                        report.weight_top1, report.alpha_loss.value_or(-1),
                        report.supernet ? report.supernet->loss : -1, report.learning_rate);
    for (const auto& [name, value] : report.regularizers) {
      absl::StrAppendFormat(&line, " %s %a", name, value);
    }
    for (const auto& kind : report.net->Probabilities()) {
      for (const auto& edge : kind) {
        for (double p : edge) absl::StrAppendFormat(&line, " %a", p);
      }
    }
    lines.push_back(line);
    return absl::OkStatus();
  }
  absl::Status OnStageEnd(const SearchPosition& position, const SuperNet& net,
                          const Candidates& kept) override {
    lines.push_back(absl::StrCat("end ", position.stage));
    return absl::OkStatus();
  }
  std::vector<std::string> lines;
  int resumed = 0;
};

struct Outcome {
  absl::StatusOr<SearchResult> result;
  Log log;
};

Outcome Search(const std::vector<std::string>& settings, Checkpointer* checkpointer,
               const TrainingState* resume = nullptr) {
  at::set_num_threads(1);
  ExperimentSpec spec = ParseSpec(kSpec, "tiny").value();
  EXPECT_TRUE(CompleteSpec(&spec).ok());
  for (const std::string& setting : settings) EXPECT_TRUE(SetField(&spec, setting).ok()) << setting;
  const absl::StatusOr<Experiment> experiment = MakeExperiment(spec);
  EXPECT_TRUE(experiment.ok()) << experiment.status();
  const DatasetSplits data = experiment->dataset->Load({}).value();
  SearchOptions options;
  options.checkpointer = checkpointer;
  options.resume = resume;
  Outcome outcome;
  outcome.result = RunSearch(*experiment, data, options, &outcome.log);
  return outcome;
}

void ExpectSameEnd(const Outcome& a, const Outcome& b) {
  ASSERT_TRUE(a.result.ok()) << a.result.status();
  ASSERT_TRUE(b.result.ok()) << b.result.status();
  const auto same = [](const auto& x, const auto& y) {
    ASSERT_EQ(x.size(), y.size());
    for (const auto& item : x) EXPECT_TRUE(item.value().equal(y[item.key()])) << item.key();
  };
  same(a.result->net->named_parameters(), b.result->net->named_parameters());
  same(a.result->net->named_buffers(), b.result->net->named_buffers());
  EXPECT_EQ(a.result->derivation.architecture.SerializeAsString(),
            b.result->derivation.architecture.SerializeAsString());
  EXPECT_EQ(a.result->derivation.trace.SerializeAsString(),
            b.result->derivation.trace.SerializeAsString());
  EXPECT_EQ(a.result->supernet.loss, b.result->supernet.loss);
  EXPECT_EQ(a.result->supernet.top1, b.result->supernet.top1);
}

class ResumeTest : public ::testing::TestWithParam<std::vector<std::string>> {};

TEST_P(ResumeTest, EveryStateGoesOnToTheSameEnd) {
  const Outcome plain = Search(GetParam(), nullptr);
  Keeper keeper;
  const Outcome saved = Search(GetParam(), &keeper);
  ExpectSameEnd(plain, saved);
  EXPECT_EQ(plain.log.lines, saved.log.lines);
  // Three steps and an end in each of four epochs.
  ASSERT_EQ(keeper.contents.size(), 16u);
  for (size_t i = 0; i < keeper.contents.size(); ++i) {
    SCOPED_TRACE(keeper.places[i]);
    const Checkpoint checkpoint = DecodeCheckpoint(keeper.contents[i]).value();
    const Outcome resumed = Search(GetParam(), nullptr, &checkpoint.state);
    ExpectSameEnd(plain, resumed);
    EXPECT_EQ(resumed.log.resumed, 1);
    // It hears the rest of what the uninterrupted one heard.
    const size_t left = resumed.log.lines.size();
    ASSERT_LE(left, plain.log.lines.size());
    EXPECT_EQ(std::vector<std::string>(plain.log.lines.end() - static_cast<int64_t>(left),
                                       plain.log.lines.end()),
              resumed.log.lines);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Settings, ResumeTest,
    ::testing::Values(std::vector<std::string>{},
                      std::vector<std::string>{
                          "search.precision=FLOAT64", "search.kernels=REFERENCE",
                          "search.weights.nesterov=true", "search.weights.cosine_by_step=true",
                          "search.step_order=WEIGHTS_FIRST"},
                      std::vector<std::string>{"search.alpha_gradients=UNROLLED"}));

TEST(Resume, AStopAnywhereSavesAndGoesOn) {
  const Outcome plain = Search({}, nullptr);
  // After every step, before every batch of measuring, and at every epoch's end.
  int stops = 0;
  for (;; ++stops) {
    Keeper keeper;
    keeper.stop_after = stops;
    const Outcome stopped = Search({}, &keeper);
    if (stopped.result.ok()) break;
    ASSERT_EQ(stopped.result.status().code(), absl::StatusCode::kCancelled);
    const Checkpoint checkpoint = DecodeCheckpoint(keeper.contents.back()).value();
    const Outcome resumed = Search({}, nullptr, &checkpoint.state);
    ExpectSameEnd(plain, resumed);
    EXPECT_EQ(stopped.log.lines.size() + resumed.log.lines.size(), plain.log.lines.size());
  }
  EXPECT_EQ(stops, 4 * 4 + 2 * 3);
}

TEST(Resume, ACheckpointThatIsCutOrFlippedIsRefused) {
  Keeper keeper;
  ASSERT_TRUE(Search({}, &keeper).result.ok());
  std::string content = keeper.contents[5];
  ASSERT_GT(content.size(), 100000u);
  for (size_t size = 0; size < content.size(); size += 4096) {
    EXPECT_EQ(DecodeCheckpoint(content.substr(0, size)).status().code(),
              absl::StatusCode::kDataLoss);
    content[size + 7] ^= 1 << size / 4096 % 8;
    EXPECT_EQ(DecodeCheckpoint(content).status().code(), absl::StatusCode::kDataLoss);
    content[size + 7] ^= 1 << size / 4096 % 8;
  }
  EXPECT_TRUE(DecodeCheckpoint(content).ok());
}

TEST(Resume, AStateThatDoesNotFitIsRefused) {
  Keeper keeper;
  ASSERT_TRUE(Search({}, &keeper).result.ok());
  const TrainingState good = DecodeCheckpoint(keeper.contents[5]).value().state;
  const auto refused = [](const TrainingState& state,
                          const std::vector<std::string>& settings = {}) {
    const absl::Status status = Search(settings, nullptr, &state).result.status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    return status.ToString();
  };
  // One of each kind: a missing one is named, one of another shape is refused.
  for (const char* name :
       {"net/stem.0.weight", "net/stem.1.running_var", "net/alphas_normal", "weights/momentum/0",
        "alphas/means/1", "alphas/squares/0", "alphas/steps/0", "weight batches/order",
        "weight batches/position", "alpha batches/generator", "dropout/generator",
        "evaluation augmentation/generator"}) {
    TrainingState state = good;
    const at::Tensor tensor = state.tensors.at(name);
    state.tensors.erase(name);
    EXPECT_THAT(refused(state), HasSubstr(std::string(name).substr(0, 7)));
    state.tensors[name] = at::zeros({3}, tensor.options());
    EXPECT_THAT(refused(state), HasSubstr(std::string(name).substr(0, 7)));
  }
  TrainingState other = good;
  other.trainer = "retrain";
  EXPECT_THAT(refused(other), HasSubstr("one of \"retrain\", a search is expected"));
  other = good;
  other.progress = "x";
  refused(other);
  refused(good, {"schedule.stages[0].channels=4"});
  refused(good, {"schedule.stages[0].cells=3"});
}

TEST(Resume, WhatIsNoNumberIsNeitherSavedNorDerivedFrom) {
  Keeper keeper;
  const Outcome outcome = Search({"search.weights.learning_rate=100", "search.weights.clip_norm=0",
                                  "search.weights.weight_decay=10", "schedule.stages[0].epochs=12",
                                  "schedule.stages[0].warmup_epochs=12"},
                                 &keeper);
  ASSERT_FALSE(outcome.result.ok());
  EXPECT_THAT(outcome.result.status().ToString(), HasSubstr("in stage 1, epoch "));
  ASSERT_FALSE(keeper.contents.empty());
  for (const std::string& content : keeper.contents) {
    EXPECT_EQ(FirstNotFinite(DecodeCheckpoint(content).value().state), "");
  }
  // Alphas that the loss doesn't tell of: the last step of all, after which only derivation is
  // left.
  Keeper last;
  const Outcome alphas = Search({"regularizers[drifting].nan_from=9"}, &last);
  EXPECT_THAT(alphas.result.status().ToString(),
              HasSubstr("an alpha is no finite number in stage 2, epoch 2, step 3"));
  EXPECT_EQ(last.places.back(), "stage 2/2, epoch 1/2 done and 2 steps");
}

}  // namespace
}  // namespace pdarts
