#include "pdarts/runs/run_clock.h"

#include <algorithm>

#include "pdarts/core/process.h"

namespace pdarts {

RunClock::RunClock(const std::optional<Checkpoint>& checkpoint)
    : begin_(std::chrono::steady_clock::now()) {
  if (checkpoint) earlier_ = checkpoint->run.costs();
}

RunCosts RunClock::Costs() const {
  RunCosts costs;
  costs.set_seconds(
      earlier_.seconds() +
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count());
  costs.set_peak_bytes(std::max<int64_t>(earlier_.peak_bytes(), PeakResidentBytes()));
  return costs;
}

}  // namespace pdarts
