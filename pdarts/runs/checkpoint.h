#ifndef PDARTS_RUNS_CHECKPOINT_H_
#define PDARTS_RUNS_CHECKPOINT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/directory.h"
#include "pdarts/runs/checkpoint.pb.h"
#include "pdarts/trainers/training_state.h"

namespace pdarts {

/// The training state of a trainer, and what its run needs to resume.
///
/// A checkpoint file has the following parts in this order. All numbers are little-endian.
/// - the magic "PDARTSCK"
/// - the version of the format (4 bytes)
/// - the size of the file and the size of the header (8 bytes each)
/// - the header, a CheckpointHeader
/// - the bytes of the tensors, in the order of the header
/// - the SHA-256 of all bytes before it (32 bytes)
struct Checkpoint {
  CheckpointHeader run;  ///< spec, log_bytes, costs, provenance; EncodeCheckpoint sets the others
  TrainingState state;
};

/// The content of a checkpoint file. Dies if a tensor has a type that a TrainingState cannot have.
std::string EncodeCheckpoint(const Checkpoint& checkpoint);

/// Reads the content of a checkpoint file. No memory is allocated for a size that the length of the
/// content contradicts.
/// \error kDataLoss saying what is wrong with the content; kFailedPrecondition naming both versions
/// if another version of the format wrote the file.
absl::StatusOr<Checkpoint> DecodeCheckpoint(absl::string_view content);

/// Reads a checkpoint file of a directory. Error messages begin with the path of the file.
/// \error as DecodeCheckpoint; kNotFound; the error of the system if the file cannot be read. So
/// kDataLoss means that the file was read completely and is damaged.
absl::StatusOr<Checkpoint> ReadCheckpoint(const Directory& directory, const std::string& name);

}  // namespace pdarts

#endif  // PDARTS_RUNS_CHECKPOINT_H_
