#ifndef PDARTS_RUNS_TENSORBOARD_WRITER_H_
#define PDARTS_RUNS_TENSORBOARD_WRITER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "pdarts/core/directory.h"
#include "pdarts/runs/atomic_file.h"
#include "pdarts/runs/run.pb.h"
#include "pdarts/runs/tensorboard.pb.h"
#include "pdarts/runs/training.pb.h"

namespace pdarts {

/// Turns the records of a run's log into what TensorBoard shows: losses, accuracies, learning rate,
/// regularizers, benchmark, speed and memory as scalars, and the probabilities of each operation
/// over all edges as histograms. The step is the number of epochs that were done, over all stages.
class TensorboardEvents {
 public:
  /// The events of the next record of a search or a training, as bytes of an event file; empty for
  /// a record that tells nothing of that kind.
  std::string Convert(const LogEvent& record);
  std::string Convert(const TrainEvent& record);

 private:
  /// time: the record's. An event without values is left out.
  std::string Encode(const std::string& time, tensorboard::Event event);

  bool begun_ = false;
  int64_t earlier_epochs_ = 0;  ///< of the stages before this one
  int64_t stage_epochs_ = 0;
};

/// The event file of a run directory. It is a function of the log alone, so that a run which goes
/// on finds again, or makes anew, just what belongs to the log as it was cut back.
class TensorboardWriter {
 public:
  /// Opens the file for a log of these records, each a LogEvent or each a TrainEvent: cuts it back
  /// to what they say, or replaces it. \error as WriteFileAtomically.
  template <class Record>
  absl::Status Open(const Directory& directory, const std::string& name,
                    const std::vector<Record>& log) {
    events_ = TensorboardEvents();
    std::string expected;
    for (const Record& record : log) expected += events_.Convert(record);
    return OpenWith(directory, name, expected);
  }
  /// Appends what the log's next record says. \error as WriteFileAtomically.
  template <class Record>
  absl::Status Append(const Record& record) {
    return AppendBytes(events_.Convert(record));
  }

 private:
  absl::Status OpenWith(const Directory& directory, const std::string& name,
                        const std::string& expected);
  absl::Status AppendBytes(const std::string& bytes);

  TensorboardEvents events_;
  GrowingFile file_;
};

}  // namespace pdarts

#endif  // PDARTS_RUNS_TENSORBOARD_WRITER_H_
