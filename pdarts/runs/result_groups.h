#ifndef PDARTS_RUNS_RESULT_GROUPS_H_
#define PDARTS_RUNS_RESULT_GROUPS_H_

#include <memory>
#include <string>
#include <vector>

#include "google/protobuf/message.h"
#include "pdarts/runs/run.pb.h"

namespace pdarts {

/// A finished run and the spec that it was made by.
struct FinishedRun {
  std::unique_ptr<google::protobuf::Message> spec;  ///< null where it can't be read
  RunResult result;
};

/// Runs whose specs differ in the seed only.
struct RunGroup {
  ResultsGroup summary;
  std::vector<RunResult> results;  ///< by rising seeds
};

/// The groups of at least two seeds, sorted by data set, search space and name. Of several runs of
/// one spec and seed the first counts. A run without a spec is in no group.
std::vector<RunGroup> GroupBySeed(const std::vector<FinishedRun>& runs);

/// The grids of sweeps among the runs, sorted by data set, search space and name. A run belongs to
/// one if its spec says so (`grid`) and has the values that it says. Numbers stand in rising order,
/// other values in the order of the runs. Of several runs of one combination and seed the first
/// counts.
std::vector<ResultsGrid> GridsOf(const std::vector<FinishedRun>& runs);

/// The numbers of the fields that have at least two values in the grid.
std::vector<int> VaryingFields(const ResultsGrid& grid);

/// The values of a field of the grid, each once, in the order of its points.
std::vector<std::string> ValuesOf(const ResultsGrid& grid, int field);

}  // namespace pdarts

#endif  // PDARTS_RUNS_RESULT_GROUPS_H_
