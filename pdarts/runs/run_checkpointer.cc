#include "pdarts/runs/run_checkpointer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/text_format.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::string FieldText(const CheckpointSurroundings& surroundings,
                      const google::protobuf::FieldDescriptor& field) {
  std::string text;
  google::protobuf::TextFormat::PrintFieldValueToString(surroundings, &field, -1, &text);
  return text;
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
  std::vector<std::string> changes;
  const auto* descriptor = CheckpointSurroundings::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const auto* field = descriptor->field(i);
    // An older checkpoint lacks some of them.
    if (field->is_repeated() || !before.GetReflection()->HasField(before, field)) continue;
    const std::string was = FieldText(before, *field), is = FieldText(now, *field);
    if (was != is) changes.push_back(absl::StrCat(field->name(), " was ", was, ", is ", is));
  }
  return changes;
}

}  // namespace pdarts
