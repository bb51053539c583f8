#ifndef PDARTS_RUNS_TENSORBOARD_WRITER_H_
#define PDARTS_RUNS_TENSORBOARD_WRITER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "pdarts/base/atomic_file.h"
#include "pdarts/base/directory.h"
#include "pdarts/runs/run.pb.h"
#include "pdarts/runs/tensorboard.pb.h"
#include "pdarts/runs/training.pb.h"

namespace pdarts {

/// Converts the records of a run's log to the numbers that TensorBoard shows: losses, accuracies,
/// learning rate, regularizers, benchmark, speed and memory as scalars, and the probabilities of
/// each operation over all edges as histograms. The step in TensorBoard is the number of finished
/// epochs of all stages.
class TensorboardEvents {
 public:
  /// Converts the next record of a search or a training to bytes of an event file. Empty if the
  /// record holds no such numbers.
  std::string Convert(const LogEvent& record);
  std::string Convert(const TrainEvent& record);

 private:
  /// `time` is the time of the record. An event without values is left out.
  std::string Encode(const std::string& time, tensorboard::Event event);

  bool begun_ = false;
  int64_t earlier_epochs_ = 0;  ///< of the stages before the current one
  int64_t stage_epochs_ = 0;
};

/// The event file of a run directory. Its content is a function of the log alone. When a run is
/// resumed and its log is cut back, the writer keeps or writes exactly the events of the remaining
/// log.
class TensorboardWriter {
 public:
  /// Opens the event file for a log of these records, which are all LogEvents or all TrainEvents.
  /// The file is cut back to the events of these records, or replaced. \error as
  /// WriteFileAtomically.
  template <class Record>
  absl::Status Open(const Directory& directory, const std::string& name,
                    const std::vector<Record>& log) {
    events_ = TensorboardEvents();
    std::string expected;
    for (const Record& record : log) expected += events_.Convert(record);
    return OpenWith(directory, name, expected);
  }
  /// Appends the events of the next record of the log. \error as WriteFileAtomically.
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
