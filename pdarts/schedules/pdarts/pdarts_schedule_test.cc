#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/schedule.h"
#include "pdarts/schedules/pdarts/pdarts_schedule.pb.h"

namespace pdarts {
namespace {

using schedules::PdartsScheduleConfig;
using ::testing::HasSubstr;

std::unique_ptr<ProgressiveSchedule> Make(const PdartsScheduleConfig& config) {
  google::protobuf::Any any;
  any.PackFrom(config);
  return Registry<ProgressiveSchedule>::Create(any).value();
}

Topology EightOperations() {
  return {{{"cell", {{0, 1}}, {"a", "b", "c", "d", "e", "f", "g", "h"}}}};
}

TEST(PdartsSchedule, IsThePublishedOneByDefault) {
  const auto schedule = Make({});
  ASSERT_EQ(schedule->num_stages(), 3);
  const int cells[] = {5, 11, 17}, keep[] = {5, 3, 1};
  for (int s = 0; s < 3; ++s) {
    EXPECT_EQ(schedule->stage(s).cells, cells[s]);
    EXPECT_EQ(schedule->stage(s).keep, keep[s]);
    EXPECT_EQ(schedule->stage(s).channels, 16);
    EXPECT_EQ(schedule->stage(s).epochs, 25);
    EXPECT_EQ(schedule->stage(s).warmup_epochs, 10);
  }
  EXPECT_TRUE(schedule->Check(EightOperations(), AllCandidates(EightOperations())).ok());
}

TEST(PdartsSchedule, DefaultsStandInTheCompletedConfig) {
  PdartsScheduleConfig config;
  PluginRegistry::Global().Complete(&config);
  EXPECT_EQ(config.stages_size(), 3);
}

TEST(PdartsSchedule, RefusesToKeepMoreThanThereIs) {
  PdartsScheduleConfig config;
  PluginRegistry::Global().Complete(&config);
  config.mutable_stages(1)->set_keep(6);
  EXPECT_THAT(Make(config)->Check(EightOperations(), AllCandidates(EightOperations())).ToString(),
              HasSubstr("schedule.stages[1].keep: 6 is not in [1, 5]"));
  config.mutable_stages(0)->set_keep(9);
  EXPECT_THAT(Make(config)->Check(EightOperations(), AllCandidates(EightOperations())).ToString(),
              HasSubstr("schedule.stages[0].keep: 9 is not in [1, 8]"));
}

TEST(PdartsSchedule, RefusesMoreWarmUpThanEpochs) {
  PdartsScheduleConfig config;
  PluginRegistry::Global().Complete(&config);
  config.mutable_stages(2)->set_warmup_epochs(26);
  EXPECT_THAT(Make(config)->Check(EightOperations(), AllCandidates(EightOperations())).ToString(),
              HasSubstr("schedule.stages[2].warmup_epochs: 26 is not in [0, 25]"));
}

TEST(PdartsSchedule, PrunesTheLeastProbable) {
  PdartsScheduleConfig config;
  auto* stage = config.add_stages();
  stage->set_cells(1);
  stage->set_keep(2);
  const auto kept = Make(config)->Prune(0, {{{0, 3, 5, 7}}}, {{{0.2, 0.3, 0.2, 0.3}}});
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(*kept, (Candidates{{{3, 7}}}));
}

}  // namespace
}  // namespace pdarts
