#ifndef PDARTS_RUNS_CHECKPOINT_H_
#define PDARTS_RUNS_CHECKPOINT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/directory.h"
#include "pdarts/runs/checkpoint.pb.h"
#include "pdarts/trainers/training_state.h"

namespace pdarts {

/// A trainer's state and what its run needs to go on.
///
/// A checkpoint file is, in this order, all numbers little-endian: the magic "PDARTSCK"; the
/// format's version (4 bytes); the file's size and the header's size (8 bytes each); the header, a
/// CheckpointHeader; the tensors' bytes in the header's order; SHA-256 of all before (32 bytes).
struct Checkpoint {
  CheckpointHeader run;  ///< spec, log_bytes, costs, provenance; the rest is made
  TrainingState state;
};

/// The file's content. Dies if a tensor is of another type than a TrainingState holds.
std::string EncodeCheckpoint(const Checkpoint& checkpoint);

/// Reads a file's content. Nothing is allocated by a size that the content doesn't bear out.
/// \error kDataLoss saying what is wrong with it; kFailedPrecondition naming both versions if
/// another version of the format wrote it.
absl::StatusOr<Checkpoint> DecodeCheckpoint(absl::string_view content);

/// The same from a file of a directory, with its path before the message.
/// \error also kNotFound, and what the system says of a file that can't be read: kDataLoss means
/// that the file was read whole and is damaged.
absl::StatusOr<Checkpoint> ReadCheckpoint(const Directory& directory, const std::string& name);

}  // namespace pdarts

#endif  // PDARTS_RUNS_CHECKPOINT_H_
