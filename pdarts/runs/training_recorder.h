#ifndef PDARTS_RUNS_TRAINING_RECORDER_H_
#define PDARTS_RUNS_TRAINING_RECORDER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/dataset.h"
#include "pdarts/runs/run_clock.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/training.pb.h"
#include "pdarts/trainers/network_trainer.h"

namespace pdarts {

/// Writes what a training reports to its run directory: the log, the last and the best weights.
class TrainingRecorder : public TrainObserver {
 public:
  /// `directory` must outlive it.
  explicit TrainingRecorder(RunDirectory* directory);

  /// Logs the epoch, then writes last.safetensors and, if it is the best, best.safetensors.
  absl::Status OnEpochEnd(const TrainEpochReport& report) override;
  /// Logs the beginning: what is trained, and on which classes. parameters: of the whole network.
  /// \error as WriteFileAtomically.
  absl::Status LogBegin(const std::string& architecture, int64_t parameters,
                        const DatasetSplits& data);
  /// A line with the time and the memory. \error as WriteFileAtomically.
  absl::Status Log(absl::string_view event, TrainEvent details = {});

  const RunClock& clock() const { return clock_; }

 private:
  RunDirectory* const directory_;
  const RunClock clock_;
};

}  // namespace pdarts

#endif  // PDARTS_RUNS_TRAINING_RECORDER_H_
