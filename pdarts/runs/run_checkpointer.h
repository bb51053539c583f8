#ifndef PDARTS_RUNS_RUN_CHECKPOINTER_H_
#define PDARTS_RUNS_RUN_CHECKPOINTER_H_

#include <chrono>
#include <functional>

#include "absl/status/status.h"
#include "pdarts/core/communicator.h"
#include "pdarts/runs/provenance.pb.h"
#include "pdarts/runs/run_clock.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/trainers/training_state.h"

namespace pdarts {

/// Writes the training states of a trainer as checkpoints of its run directory. If several
/// processes train together, each process has a checkpointer. The checkpointer of process 0 writes
/// the files. If any process is asked to stop, all processes stop at the same place.
class RunCheckpointer : public Checkpointer {
 public:
  struct Options {
    Provenance provenance;
    double minutes = 10;  ///< time between checkpoints within an epoch; 0: one after every step
    std::function<bool()> stop_requested;  ///< whether this process is asked to stop; empty: never
    Communicator* communicator = &SingleProcess();
  };
  /// `directory` and `clock` must outlive the checkpointer. They are null on processes other than
  /// the first.
  RunCheckpointer(RunDirectory* directory, const RunClock* clock, Options options);

  bool Due() override;
  absl::Status Save(const TrainingState& state) override;
  /// Also true if the other processes cannot be asked. Save then returns the error.
  bool StopRequested() override;

 private:
  RunDirectory* const directory_;
  const RunClock* const clock_;
  const Options options_;
  std::chrono::steady_clock::time_point last_save_;
  absl::Status communication_;
};

}  // namespace pdarts

#endif  // PDARTS_RUNS_RUN_CHECKPOINTER_H_
