#ifndef PDARTS_RUNS_SEARCH_ROW_H_
#define PDARTS_RUNS_SEARCH_ROW_H_

#include "absl/status/statusor.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/experiment.h"
#include "pdarts/runs/run.pb.h"

namespace pdarts {

/// The part of a search's row that follows from the spec and from the derived architecture: name,
/// dataset, search space, seed, genotype, and the counts of the derived network. The network has
/// the default size of the space, and fits the images and the classes of the dataset.
/// \error as SearchSpace::Format and CountNetwork.
absl::StatusOr<RunResult> SearchRow(const Experiment& experiment, const Architecture& found);

}  // namespace pdarts

#endif  // PDARTS_RUNS_SEARCH_ROW_H_
