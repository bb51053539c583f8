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

/// Writes a trainer's states as checkpoints of its run directory. Where several processes train,
/// each has a checkpointer. The one of process 0 writes, and a wish to stop that any of them has
/// stops them all at the same place.
class RunCheckpointer : public Checkpointer {
 public:
  struct Options {
    Provenance provenance;
    double minutes = 10;                   ///< between states within an epoch; 0: after every step
    std::function<bool()> stop_requested;  ///< of this process; empty: never
    Communicator* communicator = &SingleProcess();
  };
  /// Both must outlive it. They are null on processes other than the first.
  RunCheckpointer(RunDirectory* directory, const RunClock* clock, Options options);

  bool Due() override;
  absl::Status Save(const TrainingState& state) override;
  /// Also true if the other processes can't be asked: then Save returns the error.
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
