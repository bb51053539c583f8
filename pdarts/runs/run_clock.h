#ifndef PDARTS_RUNS_RUN_CLOCK_H_
#define PDARTS_RUNS_RUN_CLOCK_H_

#include <chrono>
#include <cstdint>
#include <optional>

#include "pdarts/runs/checkpoint.h"

namespace pdarts {

/// Time and memory of a run. One that goes on counts from those of its checkpoint.
class RunClock {
 public:
  explicit RunClock(const std::optional<Checkpoint>& checkpoint);

  /// Seconds of the run so far.
  double Elapsed() const;
  /// Most memory that a process of the run has held resident, in bytes.
  int64_t PeakBytes() const;

 private:
  double earlier_seconds_ = 0;
  int64_t earlier_peak_bytes_ = 0;
  const std::chrono::steady_clock::time_point begin_;
};

}  // namespace pdarts

#endif  // PDARTS_RUNS_RUN_CLOCK_H_
