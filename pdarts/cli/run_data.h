#ifndef PDARTS_CLI_RUN_DATA_H_
#define PDARTS_CLI_RUN_DATA_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "pdarts/core/dataset.h"

namespace pdarts {

/// Where an earlier run had its data from.
struct RunOrigin {
  std::string source;  ///< DatasetSplits::source of the run; empty: not known
  /// Whether data are those of the run.
  std::function<bool(const DatasetSplits&)> has_same_data;
};

/// Reads a data set. Where the command line names no folder and the data are not where the spec
/// says, they are read from where the earlier run read them, if they are still the same. \error as
/// Dataset::Load, naming the run's folder too where it holds no data any more; kFailedPrecondition
/// naming it if it holds other data.
absl::StatusOr<DatasetSplits> LoadDataOfRun(const Dataset& dataset, LoadOptions options,
                                            const RunOrigin& origin);

/// The origin that the result of a run names; nothing where there is no result that can be read.
RunOrigin OriginOfRun(const std::string& run);

/// The data of a run, and the data folder that a command would name to read them; empty where the
/// spec's own place has them.
struct FoundData {
  DatasetSplits splits;
  std::string data_dir;
};

/// The same as LoadDataOfRun, with the folder.
absl::StatusOr<FoundData> FindDataOfRun(const Dataset& dataset, LoadOptions options,
                                        const RunOrigin& origin);

}  // namespace pdarts

#endif  // PDARTS_CLI_RUN_DATA_H_
