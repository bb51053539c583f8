#ifndef PDARTS_RUNS_RESULT_GROUPS_H_
#define PDARTS_RUNS_RESULT_GROUPS_H_

#include <limits>
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

/// The least and the greatest of the numbers that were included.
struct NumberRange {
  double least = std::numeric_limits<double>::infinity();
  double greatest = -std::numeric_limits<double>::infinity();

  void Include(double number);
  /// The place of a number in the range, from 0 to 1; 0.5 if the range is a single number.
  double PlaceOf(double number) const;
};

/// The numbers of a plot of two fields of a grid.
struct GridMatrix {
  struct Cell {
    const ResultsGridPoint* point = nullptr;  ///< null if no run has the number that plots show
    double mean = 0;                          ///< of that number
  };
  std::vector<std::string> rows;         ///< the values of the one field
  std::vector<std::string> columns;      ///< the values of the other
  std::vector<std::vector<Cell>> cells;  ///< by row and column
  NumberRange means;
};

/// rows, columns: the numbers of the fields, the only ones that vary. The grid must outlive the
/// matrix.
GridMatrix MatrixOf(const ResultsGrid& grid, int rows, int columns);

}  // namespace pdarts

#endif  // PDARTS_RUNS_RESULT_GROUPS_H_
