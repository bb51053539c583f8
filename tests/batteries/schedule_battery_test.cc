// Tests of the contract of schedules, run on all registered schedules.

#include "gtest/gtest.h"
#include "pdarts/core/schedule.h"
#include "tests/batteries/plugins_of.h"

namespace pdarts {
namespace {

class ScheduleBattery : public ::testing::TestWithParam<std::string> {
 protected:
  const std::unique_ptr<ProgressiveSchedule> schedule_ =
      MakeDefault<ProgressiveSchedule>(GetParam());
  const Topology topology_ = {
      {{"cell", {{0, 1}, {0, 2}, {1, 2}}, {"a", "b", "c", "d", "e", "f", "g", "h"}}}};
};

TEST_P(ScheduleBattery, ItsDefaultsFitASpaceOfEightOperations) {
  const Candidates all = AllCandidates(topology_);
  EXPECT_TRUE(schedule_->Check(topology_, all).ok()) << schedule_->Check(topology_, all);
}

TEST_P(ScheduleBattery, AHigherDemandThanThereIsIsRefused) {
  Topology empty = topology_;
  empty.kinds[0].operations.clear();
  EXPECT_FALSE(schedule_->Check(empty, AllCandidates(empty)).ok());
}

TEST_P(ScheduleBattery, PrunesToWhatItSaysAndKeepsTheMostProbable) {
  Candidates candidates = AllCandidates(topology_);
  for (int stage = 0; stage < schedule_->num_stages(); ++stage) {
    EdgeProbabilities probabilities(1);
    for (const EdgeCandidates& edge : candidates[0]) {
      auto& row = probabilities[0].emplace_back();
      for (size_t i = 0; i < edge.size(); ++i) row.push_back(static_cast<double>(i + 1) / 100);
    }
    const auto kept = schedule_->Prune(stage, candidates, probabilities);
    ASSERT_TRUE(kept.ok()) << kept.status();
    const auto again = MakeDefault<ProgressiveSchedule>(GetParam());
    EXPECT_EQ(again->Prune(stage, candidates, probabilities).value(), *kept);
    for (const EdgeCandidates& edge : (*kept)[0]) {
      EXPECT_EQ(static_cast<int>(edge.size()), schedule_->stage(stage).keep);
      EXPECT_EQ(edge.back(), 7) << "the most probable";
    }
    candidates = *kept;
  }
}

TEST_P(ScheduleBattery, PruningByWhatIsNoProbabilityIsAnError) {
  EXPECT_FALSE(schedule_->Prune(0, AllCandidates(topology_), {}).ok());
}

INSTANTIATE_TEST_SUITE_P(Registered, ScheduleBattery, PluginsOf<ProgressiveSchedule>(),
                         PluginTestName);

}  // namespace
}  // namespace pdarts
