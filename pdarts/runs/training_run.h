#ifndef PDARTS_RUNS_TRAINING_RUN_H_
#define PDARTS_RUNS_TRAINING_RUN_H_

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/training.pb.h"
#include "pdarts/runs/atomic_file.h"
#include "pdarts/runs/run_lock.h"
#include "pdarts/runs/training_run.pb.h"
#include "pdarts/trainers/network_trainer.h"

namespace pdarts {

/// The folder that one training writes, and the observer that writes it. As long as the object
/// lives, no other process can write there.
///
///   spec.textproto          the complete spec, as run
///   log.jsonl               a line an event (TrainEvent)
///   architecture.textproto  what was trained (DerivedArchitecture)
///   architecture.json       the same as plain JSON
///   genotype.txt            the same in the space's own text form
///   best.safetensors        weights and statistics of the epoch that was best on the test split
///   last.safetensors        those of the last epoch
///   result.json             accuracy, size, cost (TrainResult); written last
class TrainingRun : public TrainObserver {
 public:
  /// Prepares `path` for a run of `spec`: makes the folder, writes spec and architecture. A run
  /// that wasn't finished starts over.
  /// \error kAlreadyExists if it holds a finished run, a run of another spec, or anything else, and
  /// `overwrite` isn't set; kFailedPrecondition if another process writes it; as
  /// WriteFileAtomically.
  static absl::StatusOr<std::unique_ptr<TrainingRun>> Create(
      const std::string& path, const TrainSpec& spec, const DerivedArchitecture& architecture,
      bool overwrite);

  const std::string& path() const { return path_; }
  /// Seconds since the run began.
  double Elapsed() const;

  /// Appends a line with the time and the memory to the log. \error as WriteFileAtomically.
  absl::Status Log(const std::string& event, TrainEvent details = {});
  /// Logs the epoch, then writes last.safetensors and, if it is the best, best.safetensors.
  absl::Status OnEpochEnd(const TrainEpochReport& report) override;
  /// The end of the run.
  absl::Status WriteResult(const TrainResult& result);

 private:
  TrainingRun(std::string path, std::unique_ptr<RunLock> lock);
  std::string File(absl::string_view name) const;

  const std::string path_;
  const std::unique_ptr<RunLock> lock_;
  const std::chrono::steady_clock::time_point begin_;
  LineFile log_;
};

/// The file of a training's best weights.
std::string BestWeightsFile(const std::string& run);

/// Reads the spec of a training. \error kNotFound if `path` is no run directory or holds no trained
/// weights (a search's); errors of ParseSpec.
absl::StatusOr<TrainSpec> ReadTrainingSpec(const std::string& path);

}  // namespace pdarts

#endif  // PDARTS_RUNS_TRAINING_RUN_H_
