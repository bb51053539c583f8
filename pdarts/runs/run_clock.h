#ifndef PDARTS_RUNS_RUN_CLOCK_H_
#define PDARTS_RUNS_RUN_CLOCK_H_

#include <chrono>
#include <optional>

#include "pdarts/runs/checkpoint.h"
#include "pdarts/runs/costs.pb.h"

namespace pdarts {

/// Time and memory of a run. One that goes on counts from those of its checkpoint.
class RunClock {
 public:
  explicit RunClock(const std::optional<Checkpoint>& checkpoint);

  /// Of the run so far.
  RunCosts Costs() const;

 private:
  RunCosts earlier_;
  const std::chrono::steady_clock::time_point begin_;
};

}  // namespace pdarts

#endif  // PDARTS_RUNS_RUN_CLOCK_H_
