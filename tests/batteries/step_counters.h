#ifndef PDARTS_TESTS_BATTERIES_STEP_COUNTERS_H_
#define PDARTS_TESTS_BATTERIES_STEP_COUNTERS_H_

#include <vector>

#include "absl/status/status.h"
#include "pdarts/core/testing/counting_device.h"
#include "pdarts/trainers/training_state.h"

namespace pdarts {

/// Reads the counters of the counting device after each step of a trainer, and saves nothing.
class StepCounters : public Checkpointer {
 public:
  bool Due() override {
    after_steps.push_back(Counters());
    return false;
  }
  absl::Status Save(const TrainingState&) override { return absl::OkStatus(); }

  std::vector<DeviceCounters> after_steps;
};

}  // namespace pdarts

#endif  // PDARTS_TESTS_BATTERIES_STEP_COUNTERS_H_
