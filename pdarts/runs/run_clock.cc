#include "pdarts/runs/run_clock.h"

#include <algorithm>

#include "pdarts/core/process.h"

namespace pdarts {

RunClock::RunClock(const std::optional<Checkpoint>& checkpoint)
    : begin_(std::chrono::steady_clock::now()) {
  if (!checkpoint) return;
  earlier_seconds_ = checkpoint->run.elapsed_s();
  earlier_peak_bytes_ = checkpoint->run.peak_bytes();
}

double RunClock::Elapsed() const {
  return earlier_seconds_ +
         std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

int64_t RunClock::PeakBytes() const { return std::max(earlier_peak_bytes_, PeakResidentBytes()); }

}  // namespace pdarts
