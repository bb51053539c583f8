#ifndef PDARTS_RUNS_RUN_CHECKPOINTER_H_
#define PDARTS_RUNS_RUN_CHECKPOINTER_H_

#include <chrono>
#include <functional>

#include "absl/status/status.h"
#include "pdarts/runs/provenance.pb.h"
#include "pdarts/runs/run_clock.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/trainers/training_state.h"

namespace pdarts {

/// Writes a trainer's states as checkpoints of its run directory.
class RunCheckpointer : public Checkpointer {
 public:
  struct Options {
    Provenance provenance;
    double minutes = 10;                   ///< between states within an epoch; 0: after every step
    std::function<bool()> stop_requested;  ///< empty: never
  };
  /// Both must outlive it.
  RunCheckpointer(RunDirectory* directory, const RunClock* clock, Options options);

  bool Due() override;
  absl::Status Save(const TrainingState& state) override;
  bool StopRequested() override;

 private:
  RunDirectory* const directory_;
  const RunClock* const clock_;
  const Options options_;
  std::chrono::steady_clock::time_point last_save_;
};

}  // namespace pdarts

#endif  // PDARTS_RUNS_RUN_CHECKPOINTER_H_
