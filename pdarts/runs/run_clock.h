#ifndef PDARTS_RUNS_RUN_CLOCK_H_
#define PDARTS_RUNS_RUN_CLOCK_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "pdarts/runs/checkpoint.h"
#include "pdarts/runs/costs.pb.h"

namespace pdarts {

/// Time and memory of a run. One that goes on counts from those of its checkpoint.
class RunClock {
 public:
  explicit RunClock(const std::optional<Checkpoint>& checkpoint);

  /// Takes the most memory that each process of the run has held so far, by rank.
  void SetProcessPeaks(std::vector<int64_t> bytes) { process_peaks_ = std::move(bytes); }

  /// Of the run so far.
  RunCosts Costs() const;

 private:
  RunCosts earlier_;
  std::vector<int64_t> process_peaks_;
  const std::chrono::steady_clock::time_point begin_;
};

}  // namespace pdarts

#endif  // PDARTS_RUNS_RUN_CLOCK_H_
