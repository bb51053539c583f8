#include "gtest/gtest.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/schedule.h"
#include "pdarts/schedules/darts/darts_schedule.pb.h"

namespace pdarts {
namespace {

TEST(DartsSchedule, IsOneStageOverEverything) {
  schedules::DartsScheduleConfig config;
  google::protobuf::Any any;
  any.PackFrom(config);
  const auto schedule = Registry<ProgressiveSchedule>::Create(any).value();
  ASSERT_EQ(schedule->num_stages(), 1);
  const StageShape stage = schedule->stage(0);
  EXPECT_EQ(stage.cells, 8);
  EXPECT_EQ(stage.channels, 16);
  EXPECT_EQ(stage.epochs, 50);
  EXPECT_EQ(stage.warmup_epochs, 0);
  EXPECT_EQ(stage.keep, 1);
}

}  // namespace
}  // namespace pdarts
