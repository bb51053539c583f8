#ifndef PDARTS_CLI_PROGRESS_H_
#define PDARTS_CLI_PROGRESS_H_

#include <chrono>
#include <string>
#include <vector>

#include "pdarts/cli/status_line.h"
#include "pdarts/core/experiment.h"
#include "pdarts/trainers/network_trainer.h"
#include "pdarts/trainers/search_trainer.h"

namespace pdarts {

/// How long something still takes, by how long it has taken.
class TimeEstimate {
 public:
  TimeEstimate() : begin_(std::chrono::steady_clock::now()) {}

  /// Where it began in this process: the part that was done before, in [0, 1].
  void set_done_before(double done) { done_before_ = done; }
  /// "3m05s", when this part of the whole is done; "?" at the beginning.
  std::string Left(double done) const;

 private:
  double done_before_ = 0;
  const std::chrono::steady_clock::time_point begin_;
};

/// Shows on standard error where a search is: one line that is drawn over on a terminal, else a
/// line an epoch.
class ProgressDisplay : public SearchObserver {
 public:
  /// experiment: must outlive the display.
  explicit ProgressDisplay(const Experiment& experiment);

  absl::Status OnStageBegin(const SearchPosition& position, const SuperNet& net) override;
  absl::Status OnResume(const SearchPosition& position, const SuperNet& net) override;
  absl::Status OnStep(const StepReport& report) override;
  absl::Status OnEpochEnd(const EpochReport& report) override;

 private:
  /// The part of the whole search that is done after `steps` of the position's epoch, in [0, 1]:
  /// a step counts its cells, channels and candidates, and twice when it trains alphas too.
  double Done(const LoopPosition& position, int steps) const;

  /// Says which alphas the stage does not train.
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

/// The same for the training of a network.
class TrainProgress : public TrainObserver {
 public:
  /// classes: of the dataset.
  explicit TrainProgress(int classes);

  absl::Status OnResume(const LoopPosition& position) override;
  absl::Status OnStep(const StepReport& report) override;
  absl::Status OnEpochEnd(const TrainEpochReport& report) override;

 private:
  const bool top5_;  ///< whether top-5 accuracy says anything
  StatusLine line_;
  TimeEstimate time_;
};

/// "1h02m", "3m05s", "12s".
std::string ShortDuration(double seconds);

/// An estimate's duration, as precise as estimates are: "6 h 40 min", "25 min", "3 min 05 s", "12
/// s".
std::string RoughDuration(double seconds);

}  // namespace pdarts

#endif  // PDARTS_CLI_PROGRESS_H_
