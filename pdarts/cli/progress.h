#ifndef PDARTS_CLI_PROGRESS_H_
#define PDARTS_CLI_PROGRESS_H_

#include <chrono>
#include <cstdio>
#include <string>

#include "pdarts/cli/status_line.h"
#include "pdarts/core/schedule.h"
#include "pdarts/core/topology.h"
#include "pdarts/trainers/search_trainer.h"

namespace pdarts {

/// Shows on standard error where a search is: one line that is drawn over on a terminal, else a
/// line an epoch.
class ProgressDisplay : public SearchObserver {
 public:
  ProgressDisplay(const ProgressiveSchedule& schedule, const Topology& topology);

  absl::Status OnStageBegin(const SearchPosition& position, const SuperNet& net) override;
  absl::Status OnResume(const SearchPosition& position, const SuperNet& net) override;
  absl::Status OnStep(const StepReport& report) override;
  absl::Status OnEpochEnd(const EpochReport& report) override;

 private:
  /// The part of the whole search that is done after `steps` of the position's epoch, in [0, 1]:
  /// a step counts its cells, channels and candidates, and twice when it trains alphas too.
  double Done(const SearchPosition& position, int steps) const;
  std::string TimeLeft(double done) const;

  struct StageWork {
    double step = 0;
    StageShape shape;
  };
  std::vector<StageWork> work_;
  double total_ = 0;
  double done_before_ = 0;  ///< by earlier processes
  StatusLine line_;
  const std::chrono::steady_clock::time_point begin_;
};

/// "1h02m", "3m05s", "12s".
std::string ShortDuration(double seconds);

}  // namespace pdarts

#endif  // PDARTS_CLI_PROGRESS_H_
