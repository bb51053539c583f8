#ifndef PDARTS_SESSIONS_PROGRESS_H_
#define PDARTS_SESSIONS_PROGRESS_H_

#include <chrono>
#include <string>
#include <vector>

#include "pdarts/core/experiment.h"
#include "pdarts/sessions/status_line.h"
#include "pdarts/trainers/network_trainer.h"
#include "pdarts/trainers/search_trainer.h"

namespace pdarts {

/// Estimates the remaining time from the elapsed time.
class TimeEstimate {
 public:
  TimeEstimate() : begin_(std::chrono::steady_clock::now()) {}

  /// Sets the part of the work that was finished before this process began, in [0, 1].
  void set_done_before(double done) { done_before_ = done; }
  /// The remaining time, such as "3m05s", when this part of the work is finished; "?" at the
  /// beginning.
  std::string Left(double done) const;

 private:
  double done_before_ = 0;
  const std::chrono::steady_clock::time_point begin_;
};

/// Shows the progress of a search on standard error: one line that is drawn again and again on a
/// terminal, otherwise one line for each epoch.
class ProgressDisplay : public SearchObserver {
 public:
  /// `experiment` must outlive the display.
  explicit ProgressDisplay(const Experiment& experiment);

  absl::Status OnStageBegin(const SearchPosition& position, const SuperNet& super_net) override;
  absl::Status OnResume(const SearchPosition& position, const SuperNet& super_net) override;
  absl::Status OnStep(const StepReport& report) override;
  absl::Status OnEpochEnd(const EpochReport& report) override;

 private:
  /// The finished part of the whole search after `steps` steps of the epoch in `position`, in [0,
  /// 1]. The cost of a step is estimated from its cells, channels and candidates, and is doubled if
  /// the step also trains alphas.
  double Done(const LoopPosition& position, int steps) const;

  /// Prints a note if the stage does not train its alphas.
  void ShowNotes(const SearchPosition& position) const;

  struct StageWork {
    double step = 0;
    StageShape shape;
  };
  const Experiment& experiment_;
  std::vector<StageWork> work_;
  double total_ = 0;
  StatusLine line_;
  TimeEstimate time_;
};

/// Shows the progress of a training in the same way.
class TrainProgress : public TrainObserver {
 public:
  /// `classes` is the number of classes of the dataset.
  explicit TrainProgress(int classes);

  absl::Status OnResume(const LoopPosition& position) override;
  absl::Status OnStep(const StepReport& report) override;
  absl::Status OnEpochEnd(const TrainEpochReport& report) override;

 private:
  const bool top5_;  ///< whether top-5 accuracy is meaningful
  StatusLine line_;
  TimeEstimate time_;
};

/// "1h02m", "3m05s", "12s".
std::string ShortDuration(double seconds);

/// A duration with the precision of an estimate: "6 h 40 min", "25 min", "3 min 05 s", "12 s".
std::string RoughDuration(double seconds);

}  // namespace pdarts

#endif  // PDARTS_SESSIONS_PROGRESS_H_
