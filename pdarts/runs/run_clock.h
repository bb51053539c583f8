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

/// Time and memory of a run. The clock of a resumed run starts with the time and memory of its
/// checkpoint.
class RunClock {
 public:
  explicit RunClock(const std::optional<Checkpoint>& checkpoint);

  /// Sets the maximum memory of each process of the run so far, by rank.
  void SetProcessPeaks(std::vector<int64_t> bytes) { process_peaks_ = std::move(bytes); }

  /// The costs of the run so far.
  RunCosts Costs() const;

 private:
  RunCosts earlier_;
  std::vector<int64_t> process_peaks_;
  const std::chrono::steady_clock::time_point begin_;
};

}  // namespace pdarts

#endif  // PDARTS_RUNS_RUN_CLOCK_H_
