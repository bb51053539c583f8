#include <memory>
#include <utility>

#include "pdarts/core/registry.h"
#include "pdarts/core/schedule.h"
#include "pdarts/schedules/pdarts/pdarts_schedule.pb.h"

namespace pdarts {
namespace {

using schedules::PdartsScheduleConfig;

class PdartsSchedule : public ProgressiveSchedule {
 public:
  explicit PdartsSchedule(PdartsScheduleConfig config) : config_(std::move(config)) {}
  int num_stages() const override { return config_.stages_size(); }

 private:
  StageShape DoStage(int stage) const override {
    const PdartsScheduleConfig::Stage& config = config_.stages(stage);
    StageShape shape;
    shape.cells = config.cells();
    shape.channels = config.channels();
    shape.epochs = config.epochs();
    shape.warmup_epochs = config.warmup_epochs();
    shape.keep = config.keep();
    return shape;
  }

  const PdartsScheduleConfig config_;
};

void AddPublishedStages(PdartsScheduleConfig* config) {
  if (config->stages_size() > 0) return;
  for (const auto& [cells, keep] : {std::pair{5, 5}, {11, 3}, {17, 1}}) {
    PdartsScheduleConfig::Stage* stage = config->add_stages();
    stage->set_cells(cells);
    stage->set_keep(keep);
  }
}

const bool registered = Registry<ProgressiveSchedule>::Register<PdartsScheduleConfig>(
    "pdarts", "stages of growing depth with shrinking sets of candidates (P-DARTS)",
    [](PdartsScheduleConfig config) -> absl::StatusOr<std::unique_ptr<ProgressiveSchedule>> {
      AddPublishedStages(&config);
      return std::make_unique<PdartsSchedule>(std::move(config));
    },
    std::function<void(PdartsScheduleConfig*)>(AddPublishedStages));

}  // namespace
}  // namespace pdarts
