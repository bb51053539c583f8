#include "pdarts/runs/run_checkpointer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace

RunCheckpointer::RunCheckpointer(RunDirectory* directory, const RunClock* clock, Options options)
    : directory_(directory),
      clock_(clock),
      options_(std::move(options)),
      last_save_(Clock::now()) {}

bool RunCheckpointer::Due() { return SecondsSince(last_save_) >= 60 * options_.minutes; }

bool RunCheckpointer::StopRequested() {
  return options_.stop_requested && options_.stop_requested();
}

absl::Status RunCheckpointer::Save(const TrainingState& state) {
  const Clock::time_point begin = Clock::now();
  Checkpoint checkpoint;
  checkpoint.run.set_elapsed_s(clock_->Elapsed());
  checkpoint.run.set_peak_bytes(clock_->PeakBytes());
  *checkpoint.run.mutable_surroundings() = options_.surroundings;
  checkpoint.state = state;
  PDARTS_RETURN_IF_ERROR(directory_->WriteCheckpoint(std::move(checkpoint)));
  last_save_ = Clock::now();
  VLOG(1) << "checkpoint of " << state.place << " written in " << SecondsSince(begin) << " s";
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> CompareSurroundings(const CheckpointSurroundings& before,
                                                             const CheckpointSurroundings& now) {
  if (before.dataset_checksum() != now.dataset_checksum()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the dataset is not the one that the run began with: dataset_checksum was ",
        before.dataset_checksum(), ", is ", now.dataset_checksum(), "; --overwrite starts over"));
  }
  const std::string differences = MessageDifferences(before, now);
  if (differences.empty()) return std::vector<std::string>();
  return std::vector<std::string>{
      absl::StrCat("the run began otherwise, its last bits may differ: ", differences)};
}

}  // namespace pdarts
