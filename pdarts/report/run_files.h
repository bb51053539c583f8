#ifndef PDARTS_REPORT_RUN_FILES_H_
#define PDARTS_REPORT_RUN_FILES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/core/topology.h"
#include "pdarts/runs/run.pb.h"
#include "pdarts/runs/run_images.pb.h"

namespace pdarts {

/// One epoch of a run from its log, and the architecture that would be derived after it.
struct EpochRecord {
  LogEvent event;
  /// No value if no architecture can be derived.
  std::optional<Architecture> derived;
};

/// The content of the files of a run directory.
struct RunFiles {
  std::string path;
  ExperimentSpec spec;
  Topology topology;                ///< of the run's search space
  Candidates initial;               ///< initial candidates of a search with the run's settings
  int classes = 0;                  ///< of the dataset
  std::vector<LogEvent> stages;     ///< the stage_begin lines, one for each stage
  std::vector<EpochRecord> epochs;  ///< in the order in which they were computed
  std::optional<RunResult> result;  ///< of a finished run
  /// The derived architecture. Before the end of the search, the architecture that would be derived
  /// after the last logged epoch.
  std::optional<DerivedArchitecture> found;
  bool finished_search = false;  ///< whether `found` is final
  std::optional<TrainingSamples> samples;
};

/// Reads the run directory of a search. A last line of the log that is still being written is
/// ignored.
/// \error kNotFound if `path` is not a run directory; kDataLoss naming file and place of the part
/// that cannot be parsed or does not fit the search space; errors of ParseSpec.
absl::StatusOr<RunFiles> ReadRunFiles(const std::string& path);

/// The number of edges with `operation` in each cell kind of the architecture.
std::vector<std::pair<std::string, int>> CountOperation(const Architecture& architecture,
                                                        const std::string& operation);

}  // namespace pdarts

#endif  // PDARTS_REPORT_RUN_FILES_H_
