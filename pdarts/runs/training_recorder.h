#ifndef PDARTS_RUNS_TRAINING_RECORDER_H_
#define PDARTS_RUNS_TRAINING_RECORDER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "pdarts/core/dataset.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/run_recorder.h"
#include "pdarts/runs/training.pb.h"
#include "pdarts/trainers/network_trainer.h"

namespace pdarts {

/// The first line of a training's log: the trained architecture and the classes. `parameters`
/// belong to the whole network.
TrainEvent DescribeBegin(const std::string& architecture, int64_t parameters,
                         const DatasetSplits& data);

/// Writes what a training reports to its run directory: the log, and the last and the best weights.
class TrainingRecorder : public TrainObserver, public RunRecorder<TrainEvent> {
 public:
  /// `directory` and `data` must outlive the recorder. `data` holds the images of the evaluation.
  TrainingRecorder(RunDirectory* directory, const DatasetSplits* data)
      : RunRecorder(directory), data_(data) {}

  /// Logs the epoch, then writes last.safetensors, best.safetensors if the epoch is the best, and
  /// mistakes.json. If mistakes.json cannot be written, the reason is logged.
  absl::Status OnEpochEnd(const TrainEpochReport& report) override;

 private:
  const DatasetSplits* const data_;
};

}  // namespace pdarts

#endif  // PDARTS_RUNS_TRAINING_RECORDER_H_
