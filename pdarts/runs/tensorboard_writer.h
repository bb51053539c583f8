#ifndef PDARTS_RUNS_TENSORBOARD_WRITER_H_
#define PDARTS_RUNS_TENSORBOARD_WRITER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/struct.pb.h"
#include "pdarts/core/directory.h"
#include "pdarts/runs/atomic_file.h"
#include "pdarts/runs/tensorboard.pb.h"

namespace pdarts {

/// Turns the lines of a run's log into what TensorBoard shows: losses, accuracies, learning rate,
/// regularisers, benchmark, speed and memory as scalars, and the probabilities of each operation
/// over all edges as histograms. The step is the number of epochs that were done, over all stages.
class TensorboardEvents {
 public:
  /// The events of the next line, as bytes of an event file; empty for a line that tells nothing of
  /// that kind. A line that isn't JSON tells nothing.
  std::string Convert(absl::string_view json_line);

 private:
  void ConvertEpoch(const google::protobuf::Struct& line, tensorboard::Summary* summary) const;

  bool begun_ = false;
  int64_t earlier_epochs_ = 0;  ///< of the stages before this one
  int64_t stage_epochs_ = 0;
};

/// The event file of a run directory. It is a function of the log alone, so that a run which goes
/// on finds again, or makes anew, just what belongs to the log as it was cut back.
class TensorboardWriter {
 public:
  /// Opens the file for a log that holds these lines: cuts it back to what they say, or replaces
  /// it. \error as WriteFileAtomically.
  absl::Status Open(const Directory& directory, const std::string& name, absl::string_view log);
  /// Appends what the log's next line says. \error as WriteFileAtomically.
  absl::Status Append(absl::string_view json_line);

 private:
  TensorboardEvents events_;
  GrowingFile file_;
};

}  // namespace pdarts

#endif  // PDARTS_RUNS_TENSORBOARD_WRITER_H_
