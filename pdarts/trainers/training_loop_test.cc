// Tests of the loop alone, with a task that computes nothing.

#include "pdarts/trainers/training_loop.h"

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "ATen/ops/eye.h"
#include "ATen/ops/full.h"
#include "ATen/ops/zeros.h"
#include "absl/strings/str_cat.h"
#include "c10/util/Exception.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Logs the calls of the loop. There are two epochs of two steps with two images each.
class Recorder : public TrainingLoop::Task, public LoopObserver {
 public:
  explicit Recorder(int num_stages = 0, bool rate_moves_by_step = false) {
    TrainingLoop::Settings settings;
    settings.trainer = "recorder";
    settings.begin.num_stages = num_stages;
    settings.begin.epochs = 2;
    settings.begin.steps = 2;
    settings.epoch_images = 5;
    settings.learning_rate = [](double epoch) { return 1 + epoch; };
    settings.rate_moves_by_step = rate_moves_by_step;
    loop = std::make_unique<TrainingLoop>(this, settings);
  }

  absl::Status BeginEpoch() override {
    calls.push_back(absl::StrCat("begin ", loop->position().epoch));
    return absl::OkStatus();
  }
  absl::Status Step(double learning_rate) override {
    calls.push_back(absl::StrCat("step ", loop->position().step, " at ", learning_rate));
    if (throws) TORCH_CHECK(false, "broken");
    if (std::isnan(loss)) return loop->NotFinite("the loss became nan");
    loop->weight_meter().Add(at::full({}, loss), at::eye(2), at::zeros({2}, at::kLong));
    return absl::OkStatus();
  }
  absl::Status EndEpoch(const LoopEpochReport& report) override {
    const auto measured = loop->Measure([&](const std::function<bool()>& stop) {
      return stop() ? absl::StatusOr<Evaluation>(absl::CancelledError("stopped"))
                    : absl::StatusOr<Evaluation>(Evaluation{{70, 100, 1.5}, {}, {}, 0});
    });
    if (!measured.ok()) return measured.status();
    calls.push_back(absl::StrCat("end ", report.position.epoch, " ", report.position.step, " loss ",
                                 report.train.loss, " rate ", report.learning_rate, " skipped ",
                                 report.skipped_images));
    return absl::OkStatus();
  }
  void Save(TrainingState* state, LoopProgress* progress) override { state->tensors["own"] = own; }
  absl::Status Load(const TrainingState& state, const LoopProgress& progress) override {
    own = state.tensors.at("own");
    return absl::OkStatus();
  }
  absl::Status OnStep(const StepReport& report) override {
    calls.push_back(absl::StrCat("heard ", report.position.step, " top-1 ", report.train.top1));
    return absl::OkStatus();
  }

  std::unique_ptr<TrainingLoop> loop;
  std::vector<std::string> calls;
  at::Tensor own = at::zeros({2});
  double loss = 3;
  bool throws = false;
};

class Keeper : public Checkpointer {
 public:
  bool Due() override { return due; }
  absl::Status Save(const TrainingState& state) override {
    states.push_back(state);
    return absl::OkStatus();
  }
  bool StopRequested() override { return stop_after >= 0 && asked++ >= stop_after; }

  std::vector<TrainingState> states;
  bool due = false;
  int stop_after = -1;
  int asked = 0;
};

TEST(TrainingLoop, RunsEpochsOfSteps) {
  Recorder task;
  ASSERT_TRUE(task.loop->Run(/*checkpointer=*/nullptr, &task).ok());
  EXPECT_THAT(task.calls, ElementsAre("begin 0", "step 0 at 1", "heard 0 top-1 50", "step 1 at 1",
                                      "heard 1 top-1 50", "end 0 1 loss 3 rate 1 skipped 1",
                                      "begin 1", "step 0 at 2", "heard 0 top-1 50", "step 1 at 2",
                                      "heard 1 top-1 50", "end 1 1 loss 3 rate 2 skipped 1"));
  EXPECT_EQ(task.loop->measured().top1, 70);
}

TEST(TrainingLoop, TheLearningRateMovesByStepWhereItIsAskedTo) {
  Recorder task(/*num_stages=*/0, /*rate_moves_by_step=*/true);
  ASSERT_TRUE(task.loop->Run(nullptr, &task).ok());
  EXPECT_THAT(task.calls, ::testing::Contains("step 1 at 2.5"));
  EXPECT_THAT(task.calls, ::testing::Contains(HasSubstr("end 0 1 loss 3 rate 1.5")));
}

TEST(TrainingLoop, SavesWhereAStateIsDueAndAtTheEndOfEveryEpoch) {
  Recorder rarely, often;
  Keeper few, many;
  many.due = true;
  ASSERT_TRUE(rarely.loop->Run(&few, &rarely).ok());
  ASSERT_TRUE(often.loop->Run(&many, &often).ok());
  ASSERT_EQ(few.states.size(), 2u);
  EXPECT_EQ(few.states[0].place, "epoch 1/2 done");
  EXPECT_EQ(many.states.size(), 6u);
  EXPECT_EQ(many.states[0].place, "epoch 0/2 done and 1 steps");
  EXPECT_EQ(many.states[0].trainer, "recorder");
}

/// The loop stops after every step, before the evaluation, and after every epoch.
TEST(TrainingLoop, StopsAnywhereAndResumes) {
  Recorder whole;
  ASSERT_TRUE(whole.loop->Run(nullptr, &whole).ok());
  int stops = 0;
  for (;; ++stops) {
    Recorder first;
    Keeper keeper;
    keeper.stop_after = stops;
    const absl::Status status = first.loop->Run(&keeper, &first);
    if (status.ok()) break;
    ASSERT_EQ(status.code(), absl::StatusCode::kCancelled) << status;
    const TrainingState& state = keeper.states.back();
    Recorder second;
    const absl::StatusOr<LoopProgress> progress = ReadProgress(state, "recorder");
    ASSERT_TRUE(progress.ok()) << progress.status();
    ASSERT_TRUE(second.loop->Restore(state, *progress).ok());
    ASSERT_TRUE(second.loop->Run(nullptr, &second).ok());
    std::vector<std::string> calls = first.calls;
    calls.insert(calls.end(), second.calls.begin(), second.calls.end());
    EXPECT_EQ(calls, whole.calls) << stops;
  }
  EXPECT_EQ(stops, 8);
}

TEST(TrainingLoop, AnErrorNamesThePlace) {
  Recorder training, stage(/*num_stages=*/3);
  for (Recorder* task : {&training, &stage}) task->loss = NAN;
  EXPECT_EQ(training.loop->Run(nullptr, &training).message(),
            "the loss became nan in epoch 1, step 1");
  EXPECT_EQ(stage.loop->Run(nullptr, &stage).message(),
            "the loss became nan in stage 1, epoch 1, step 1");
  Recorder broken;
  broken.throws = true;
  EXPECT_THAT(broken.loop->Run(nullptr, &broken).message(),
              HasSubstr("epoch 1, step 1: LibTorch: broken"));
}

/// Keeps its numbers on a device until they are read. There are two epochs of 120 steps.
class Distant : public TrainingLoop::Task, public LoopObserver {
 public:
  Distant() {
    TrainingLoop::Settings settings;
    settings.trainer = "distant";
    settings.begin.epochs = 2;
    settings.begin.steps = 120;
    settings.epoch_images = 240;
    settings.learning_rate = [](double) { return 1; };
    loop = std::make_unique<TrainingLoop>(this, settings);
  }

  absl::Status BeginEpoch() override { return absl::OkStatus(); }
  absl::Status Step(double) override {
    last_step_ = loop->position().step;
    loop->weight_meter().Await(2);
    loss_ += 2 * 3.0;
    return absl::OkStatus();
  }
  absl::Status ReadMeters() override {
    reads.push_back(last_step_);
    loop->weight_meter().SetSums(loss_, 1, 2);
    if (last_step_ >= bad_step) return loop->NotFinite("the loss is bad", bad_step);
    return absl::OkStatus();
  }
  absl::Status EndEpoch(const LoopEpochReport& report) override {
    losses.push_back(report.train.loss);
    skipped += report.skipped_images;
    loss_ = 0;
    return absl::OkStatus();
  }
  void Save(TrainingState*, LoopProgress* progress) override {
    saved_images = progress->weight_meter().images();
    saved_loss = progress->weight_meter().loss();
  }
  absl::Status Load(const TrainingState&, const LoopProgress&) override { return absl::OkStatus(); }
  absl::Status OnStep(const StepReport& report) override {
    shown.push_back(report.train.loss);
    return absl::OkStatus();
  }

  std::unique_ptr<TrainingLoop> loop;
  std::vector<int> reads;
  std::vector<double> losses, shown;
  int64_t skipped = 0, saved_images = 0;
  double saved_loss = 0;
  int bad_step = 1000;

 private:
  int last_step_ = 0;
  double loss_ = 0;
};

TEST(TrainingLoop, ReadsMetersRarelyAndBeforeItReports) {
  Distant task;
  ASSERT_TRUE(task.loop->Run(nullptr, &task).ok());
  EXPECT_THAT(task.reads, ElementsAre(0, 50, 100, 119, 0, 50, 100, 119));
  EXPECT_THAT(task.losses, ElementsAre(3, 3));
  EXPECT_EQ(task.skipped, 0);
  for (const double shown : task.shown) EXPECT_EQ(shown, 3) << "a mean over images without numbers";
}

TEST(TrainingLoop, ReadsMetersBeforeItSaves) {
  Distant task;
  Keeper keeper;
  keeper.stop_after = 70;
  EXPECT_EQ(task.loop->Run(&keeper, &task).code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(task.reads, ElementsAre(0, 50, 70));
  EXPECT_EQ(task.saved_images, 2 * 71);
  EXPECT_EQ(task.saved_loss, 3 * 2 * 71);
}

TEST(TrainingLoop, AnErrorThatIsReadLaterNamesItsStep) {
  Distant task;
  task.bad_step = 30;
  EXPECT_EQ(task.loop->Run(nullptr, &task).message(), "the loss is bad in epoch 1, step 31");
  EXPECT_EQ(task.reads.back(), 50);
  Distant saves;
  saves.bad_step = 30;
  Keeper keeper;
  keeper.stop_after = 40;
  EXPECT_EQ(saves.loop->Run(&keeper, &saves).message(), "the loss is bad in epoch 1, step 31");
  EXPECT_TRUE(keeper.states.empty());
}

TEST(TrainingLoop, AStateThatIsNotFiniteIsNotSaved) {
  Recorder task;
  task.own.fill_(NAN);
  Keeper keeper;
  EXPECT_THAT(task.loop->Run(&keeper, &task).message(), HasSubstr("own is not finite"));
  EXPECT_TRUE(keeper.states.empty());
}

TEST(TrainingLoop, AStateOfAnotherTrainerOrPlaceIsRefused) {
  Recorder task;
  Keeper keeper;
  ASSERT_TRUE(task.loop->Run(&keeper, &task).ok());
  TrainingState state = keeper.states[0];
  EXPECT_THAT(ReadProgress(state, "search").status().message(),
              HasSubstr("the state is of a \"recorder\", one of a \"search\" is expected"));
  LoopProgress progress = ReadProgress(state, "recorder").value();
  for (const int epoch : {-1, 3}) {
    progress.set_epoch(epoch);
    EXPECT_EQ(Recorder().loop->Restore(state, progress).code(), absl::StatusCode::kDataLoss);
  }
  progress.set_epoch(1);
  progress.set_step(3);
  EXPECT_EQ(Recorder().loop->Restore(state, progress).code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace pdarts
