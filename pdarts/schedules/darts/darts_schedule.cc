#include <memory>
#include <utility>

#include "pdarts/core/registry.h"
#include "pdarts/core/schedule.h"
#include "pdarts/schedules/darts/darts_schedule.pb.h"

namespace pdarts {
namespace {

using schedules::DartsScheduleConfig;

class DartsSchedule : public ProgressiveSchedule {
 public:
  explicit DartsSchedule(DartsScheduleConfig config) : config_(std::move(config)) {}
  int num_stages() const override { return 1; }

 private:
  StageShape DoStage(int stage) const override {
    StageShape shape;
    shape.cells = config_.cells();
    shape.channels = config_.channels();
    shape.epochs = config_.epochs();
    shape.warmup_epochs = config_.warmup_epochs();
    shape.keep = 1;
    return shape;
  }

  const DartsScheduleConfig config_;
};

const bool registered = Registry<ProgressiveSchedule>::Register<DartsScheduleConfig>(
    "darts", "one stage with all candidates (DARTS)",
    [](DartsScheduleConfig config) -> absl::StatusOr<std::unique_ptr<ProgressiveSchedule>> {
      return std::make_unique<DartsSchedule>(std::move(config));
    });

}  // namespace
}  // namespace pdarts
