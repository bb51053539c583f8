#ifndef PDARTS_RUNS_MODEL_ZOO_PAGE_H_
#define PDARTS_RUNS_MODEL_ZOO_PAGE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/runs/run.pb.h"

namespace pdarts {

/// A search of a model zoo.
struct ZooRun {
  RunResult result;
  std::string folder;  ///< the run directory, relative to the folder of the page
};

/// Reads the result of a run of a zoo. `run` and `page_folder` are absolute paths.
/// \error kFailedPrecondition if the run is not finished; kInvalidArgument if it is a training; as
/// ReadRunResult.
absl::StatusOr<ZooRun> ReadZooRun(const std::string& run, const std::string& page_folder);

/// The page of a model zoo in Markdown. It has a section for each dataset, CIFAR-10 and CIFAR-100
/// first, with the columns of the published table. Within a search space, searches that have
/// published rows come first. Each stands beside the published row of its seed. A published row
/// without numbers is omitted if there is a run of its search and seed.
std::string ModelZooPage(const std::vector<ZooRun>& runs);

}  // namespace pdarts

#endif  // PDARTS_RUNS_MODEL_ZOO_PAGE_H_
