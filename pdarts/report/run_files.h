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

/// One epoch of a run as its log has it, and what would be derived after it.
struct EpochRecord {
  LogEvent event;
  /// Unset where nothing may be derived.
  std::optional<Architecture> derived;
};

/// What the files of a run directory say.
struct RunFiles {
  std::string path;
  ExperimentSpec spec;
  Topology topology;                ///< of the run's search space
  Candidates initial;               ///< what a search with the run's settings begins with
  int classes = 0;                  ///< of the data set
  std::vector<LogEvent> stages;     ///< the stage_begin lines, one a stage
  std::vector<EpochRecord> epochs;  ///< in the order in which they were run
  std::optional<RunResult> result;  ///< of a finished run
  /// What was found; before the end, what the last logged epoch would derive.
  std::optional<DerivedArchitecture> found;
  bool finished_search = false;  ///< whether `found` is final
  std::optional<TrainingSamples> samples;
};

/// Reads the run directory of a search. A last log line that is still being written is passed over.
/// \error kNotFound if `path` is no run directory; kDataLoss naming file and place of what doesn't
/// parse or doesn't fit the search space; errors of ParseSpec.
absl::StatusOr<RunFiles> ReadRunFiles(const std::string& path);

/// How often `operation` stands on the edges of each cell kind that the architecture holds.
std::vector<std::pair<std::string, int>> CountOperation(const Architecture& architecture,
                                                        const std::string& operation);

}  // namespace pdarts

#endif  // PDARTS_REPORT_RUN_FILES_H_
