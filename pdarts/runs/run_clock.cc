#include "pdarts/runs/run_clock.h"

#include <algorithm>

#include "pdarts/base/process.h"
#include "pdarts/core/device_memory.h"
#include "pdarts/core/seconds_since.h"

namespace pdarts {

RunClock::RunClock(const std::optional<Checkpoint>& checkpoint)
    : begin_(std::chrono::steady_clock::now()) {
  if (checkpoint) earlier_ = checkpoint->run.costs();
}

RunCosts RunClock::Costs() const {
  RunCosts costs;
  costs.set_seconds(earlier_.seconds() + SecondsSince(begin_));
  int64_t peak = std::max<int64_t>(earlier_.peak_bytes(), PeakResidentBytes());
  for (const int64_t bytes : process_peaks_) {
    peak = std::max(peak, bytes);
    costs.add_process_peak_bytes(bytes);
  }
  costs.set_peak_bytes(peak);
  const int64_t device_peak =
      std::max<int64_t>(earlier_.device_peak_bytes(), DeviceMemory::PeakBytesOfAll());
  if (device_peak > 0) costs.set_device_peak_bytes(device_peak);
  return costs;
}

}  // namespace pdarts
