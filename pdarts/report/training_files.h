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

/// The content of the files of a training's run directory.
struct TrainingFiles {
  std::string path;
  TrainSpec spec;
  Topology topology;                 ///< of the search space
  DerivedArchitecture architecture;  ///< the trained architecture, with its text
  /// The classes of the dataset, in the order of their labels, and the number of test images of
  /// each class. They come from the log, so they are empty for a log of an earlier version and for
  /// an empty log.
  std::vector<std::string> class_names;
  std::vector<int> class_images;
  /// The epochs in the order in which they were computed. `class_right` fits the classes.
  std::vector<TrainEvent> epochs;
  std::optional<TrainResult> result;  ///< of a finished training
  int classes = 0;                    ///< number of classes of the dataset
  std::optional<TrainingSamples> samples;
  std::optional<TestMistakes> mistakes;  ///< its matrix, if it has one, fits the classes
};

/// Reads the run directory of a training. A last line of the log that is still being written is
/// ignored.
/// \error kNotFound if `path` is not a run directory; kDataLoss naming file and place of the part
/// that cannot be parsed or does not fit the spec; errors of ParseSpec and MakeTraining.
absl::StatusOr<TrainingFiles> ReadTrainingFiles(const std::string& path);

}  // namespace pdarts

#endif  // PDARTS_REPORT_TRAINING_FILES_H_
