#ifndef PDARTS_SESSIONS_RUN_DATA_H_
#define PDARTS_SESSIONS_RUN_DATA_H_

#include <functional>
#include <iosfwd>
#include <string>

#include "absl/status/statusor.h"
#include "pdarts/core/dataset.h"

namespace pdarts {

/// The place from which an earlier run read its data.
struct DataProvenance {
  std::string source;  ///< DatasetSplits::source of the run; empty if it is not known
  /// Tells whether data are the data of the run.
  std::function<bool(const DatasetSplits&)> has_same_data;
};

/// Reads a dataset. If the command line names no folder, and the data are not in the place that the
/// spec names, the function reads them from the place of the earlier run, if the data there are
/// still the same. A note tells that. `notes`: as SessionOptions::notes. \error as Dataset::Load,
/// with the folder of the run if it holds no data any more; kFailedPrecondition naming that folder
/// if it holds other data.
absl::StatusOr<DatasetSplits> LoadDataOfRun(const Dataset& dataset, LoadOptions options,
                                            const DataProvenance& provenance, std::ostream* notes);

/// Reads from the result of a run where its data came from. Empty if there is no result that can be
/// read.
DataProvenance DataProvenanceOfRun(const std::string& run);

/// The data of a run, and the folder that a command would name to read them. The folder is empty if
/// the data are in the place that the spec names.
struct FoundData {
  DatasetSplits splits;
  std::string data_dir;
};

/// Does the same as LoadDataOfRun, and returns the folder as well.
absl::StatusOr<FoundData> FindDataOfRun(const Dataset& dataset, LoadOptions options,
                                        const DataProvenance& provenance, std::ostream* notes);

}  // namespace pdarts

#endif  // PDARTS_SESSIONS_RUN_DATA_H_
