#include "pdarts/runs/run_checkpointer.h"

#include <utility>

#include "glog/logging.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/seconds_since.h"

namespace pdarts {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

RunCheckpointer::RunCheckpointer(RunDirectory* directory, const RunClock* clock, Options options)
    : directory_(directory),
      clock_(clock),
      options_(std::move(options)),
      last_save_(Clock::now()) {}

bool RunCheckpointer::Due() {
  return directory_ != nullptr && SecondsSince(last_save_) >= 60 * options_.minutes;
}

bool RunCheckpointer::StopRequested() {
  const absl::StatusOr<bool> any =
      options_.communicator->AnyTrue(options_.stop_requested && options_.stop_requested());
  communication_.Update(any.status());
  return !any.ok() || *any;
}

absl::Status RunCheckpointer::Save(const TrainingState& state) {
  PDARTS_RETURN_IF_ERROR(communication_);
  if (directory_ == nullptr) return absl::OkStatus();
  const Clock::time_point begin = Clock::now();
  Checkpoint checkpoint;
  *checkpoint.run.mutable_costs() = clock_->Costs();
  *checkpoint.run.mutable_provenance() = options_.provenance;
  checkpoint.state = state;
  PDARTS_RETURN_IF_ERROR(directory_->WriteCheckpoint(std::move(checkpoint)));
  last_save_ = Clock::now();
  VLOG(1) << "checkpoint of " << state.place << " written in " << SecondsSince(begin) << " s";
  return absl::OkStatus();
}

}  // namespace pdarts
