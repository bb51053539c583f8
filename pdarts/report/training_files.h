#ifndef PDARTS_REPORT_TRAINING_FILES_H_
#define PDARTS_REPORT_TRAINING_FILES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/topology.h"
#include "pdarts/core/training.pb.h"
#include "pdarts/runs/run.pb.h"
#include "pdarts/runs/run_images.pb.h"
#include "pdarts/runs/training.pb.h"

namespace pdarts {

/// What the files of a training's run directory say.
struct TrainingFiles {
  std::string path;
  TrainSpec spec;
  Topology topology;                 ///< of the search space
  DerivedArchitecture architecture;  ///< what is trained, with its text
  /// The classes of the data set, in the order of their labels, and how many test images each has;
  /// of the log, so that a log of an earlier version or of no line has none.
  std::vector<std::string> class_names;
  std::vector<int> class_images;
  /// The epochs in the order in which they were run. `class_right` fits the classes.
  std::vector<TrainEvent> epochs;
  std::optional<TrainResult> result;  ///< of a finished training
  int classes = 0;                    ///< how many the data set has
  std::optional<TrainingSamples> samples;
  std::optional<TestMistakes> mistakes;  ///< its matrix, if it has one, fits the classes
};

/// Reads the run directory of a training. A last log line that is still being written is passed
/// over.
/// \error kNotFound if `path` is no run directory; kDataLoss naming file and place of what doesn't
/// parse or doesn't fit the spec; errors of ParseSpec and MakeTraining.
absl::StatusOr<TrainingFiles> ReadTrainingFiles(const std::string& path);

}  // namespace pdarts

#endif  // PDARTS_REPORT_TRAINING_FILES_H_
