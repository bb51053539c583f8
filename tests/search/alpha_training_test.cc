// Tests that the notes name all stages whose alphas do not train, and no other stages.

#include "pdarts/trainers/alpha_training.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/spec.h"
#include "pdarts/trainers/training_halves.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kQuickstart[] = "experiments/quickstart.textproto";
// 500 images in batches of 20.
constexpr int kQuickstartSteps = 25;

std::vector<std::string> NotesOf(const std::vector<std::string>& settings, int stage = 0,
                                 std::optional<int> steps = kQuickstartSteps) {
  ExperimentSpec spec = ReadSpecFile(kQuickstart).value();
  EXPECT_TRUE(CompleteSpec(&spec).ok());
  for (const std::string& setting : settings) EXPECT_TRUE(SetField(&spec, setting).ok()) << setting;
  const auto experiment = MakeExperiment(spec);
  EXPECT_TRUE(experiment.ok()) << experiment.status();
  return AlphaTrainingNotes(*experiment, stage, steps);
}

TEST(AlphaTraining, TheQuickstartTrainsThem) {
  const ExperimentSpec spec = ReadSpecFile(kQuickstart).value();
  EXPECT_EQ(StepsPerEpoch(SplitTrainingImages(1000, 0, 0.5).value(), spec.search()),
            kQuickstartSteps);
  for (const int stage : {0, 1, 2}) EXPECT_THAT(NotesOf({}, stage), IsEmpty());
}

TEST(AlphaTraining, AStageOfWarmUpAloneIsNoticed) {
  const std::vector<std::string> warm_up = {"schedule.stages[0].warmup_epochs=3",
                                            "schedule.stages[2].warmup_epochs=3"};
  const std::string reason =
      "the alphas get no step, because all 3 epochs are warm-up epochs; the random start of the "
      "alphas decides ";
  EXPECT_THAT(NotesOf(warm_up, 0),
              ElementsAre("stage 1: " + reason + "which candidates are pruned after the stage"));
  EXPECT_THAT(NotesOf(warm_up, 1), IsEmpty());
  EXPECT_THAT(NotesOf(warm_up, 2),
              ElementsAre("stage 3: " + reason + "which architecture is derived"));
  EXPECT_THAT(NotesOf(warm_up, 0, std::nullopt), ::testing::SizeIs(1));
}

TEST(AlphaTraining, AStageWithOneCandidateAnEdgeIsNoticed) {
  const std::vector<std::string> one = {"schedule.stages[0].keep=1", "schedule.stages[1].keep=1"};
  EXPECT_THAT(NotesOf(one, 0), IsEmpty());
  EXPECT_THAT(NotesOf(one, 1),
              ElementsAre("stage 2: every edge has one candidate only, because stage 1 keeps one "
                          "(schedule.stages[0].keep is 1); the stage chooses no operations"));
  EXPECT_THAT(NotesOf(one, 2), ElementsAre(HasSubstr("because stage 2 keeps one")));
}

TEST(AlphaTraining, ALearningRateOfZeroIsNoticed) {
  const std::vector<std::string> still = {"search.alphas.learning_rate=0"};
  EXPECT_THAT(NotesOf(still), ElementsAre(HasSubstr("search.alphas.learning_rate is 0")));
  EXPECT_THAT(NotesOf(still, 0, std::nullopt), ::testing::SizeIs(1));
  EXPECT_THAT(NotesOf({"search.alphas.learning_rate=0", "search.alpha_deviation=0"}),
              ::testing::SizeIs(1));
}

TEST(AlphaTraining, StepsTimesLearningRateIsComparedWithTenDeviations) {
  // Two epochs with 50 steps train alphas.
  const auto at = [](const std::string& rate) {
    return NotesOf({"search.alphas.learning_rate=" + rate, "search.alpha_deviation=0.25"});
  };
  EXPECT_THAT(at("0.0500"), IsEmpty());  // 50 * 0.05 = 2.5
  EXPECT_THAT(at("0.0496"),
              ElementsAre("stage 1: the alphas get only 50 steps, and 50 times "
                          "search.alphas.learning_rate (0.0496) is less than 10 times "
                          "search.alpha_deviation (0.25); the random start of the alphas decides "
                          "which candidates are pruned after the stage"));
  EXPECT_THAT(NotesOf({}, 0, 8), ::testing::SizeIs(1));  // 16 * 6e-4 < 0.01
  EXPECT_THAT(NotesOf({}, 0, 9), IsEmpty());             // 18 * 6e-4 > 0.01
  EXPECT_THAT(NotesOf({}, 0, std::nullopt), IsEmpty());  // the number of images is unknown
}

TEST(AlphaTraining, ACellKindThatNoCellUsesIsNoticed) {
  const std::vector<std::string> cells = {
      "schedule.stages[0].cells=2", "schedule.stages[1].cells=1", "schedule.stages[2].cells=2"};
  EXPECT_THAT(NotesOf(cells, 0),
              ElementsAre("stage 1: a super-network of 2 cells has no normal cell, so nothing "
                          "trains that cell's alphas; the random start of the alphas decides "
                          "which candidates are pruned from the normal cell after the stage"));
  EXPECT_THAT(NotesOf(cells, 1), ElementsAre(HasSubstr("a super-network of 1 cell has no normal")));
  EXPECT_THAT(NotesOf(cells, 2),
              ElementsAre(HasSubstr("decides which operations are derived for the normal cell")));
}

}  // namespace
}  // namespace pdarts
