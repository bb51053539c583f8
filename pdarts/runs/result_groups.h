#ifndef PDARTS_RUNS_RESULT_GROUPS_H_
#define PDARTS_RUNS_RESULT_GROUPS_H_

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "google/protobuf/message.h"
#include "pdarts/runs/run.pb.h"
#include "pdarts/runs/seed_agreement.h"

namespace pdarts {

/// A finished run and the spec of the run.
struct FinishedRun {
  std::unique_ptr<google::protobuf::Message> spec;  ///< null if the spec cannot be read
  RunResult result;
  StageEnds stage_ends = {};  ///< of a search; empty if the caller does not need the agreement
};

/// Runs whose specs differ only in the seed.
struct RunGroup {
  ResultsGroup summary;
  std::vector<RunResult> results;  ///< sorted by seed
};

/// The groups that have at least two seeds, sorted by dataset, search space and name. Of several
/// runs with the same spec and seed, only the first counts. A run without a spec belongs to no
/// group.
std::vector<RunGroup> GroupBySeed(const std::vector<FinishedRun>& runs);

/// The grids of sweeps among the runs, sorted by dataset, search space and name. A run belongs to a
/// grid if its spec says so (`grid`) and has the values that `grid` lists. Numbers are sorted by
/// size, other values by the order of the runs. Of several runs with the same values and seed, only
/// the first counts.
std::vector<ResultsGrid> GridsOf(const std::vector<FinishedRun>& runs);

/// The numbers of the fields that have at least two different values in the grid.
std::vector<int> VaryingFields(const ResultsGrid& grid);

/// The different values of a field of the grid, in the order of the points.
std::vector<std::string> ValuesOf(const ResultsGrid& grid, int field);

/// The minimum and the maximum of the included numbers.
struct NumberRange {
  double least = std::numeric_limits<double>::infinity();
  double greatest = -std::numeric_limits<double>::infinity();

  void Include(double number);
  /// The place of a number in the range, from 0 to 1; 0.5 if minimum and maximum are equal.
  double PlaceOf(double number) const;
};

/// The numbers in a plot of two fields of a grid.
struct GridMatrix {
  struct Cell {
    const ResultsGridPoint* point = nullptr;  ///< null if no run has the plotted number
    double mean = 0;                          ///< of the plotted number
  };
  std::vector<std::string> rows;         ///< the values of the field of the rows
  std::vector<std::string> columns;      ///< the values of the field of the columns
  std::vector<std::vector<Cell>> cells;  ///< by row and column
  NumberRange means;
};

/// `rows` and `columns` are the numbers of the two fields. No other field varies. The grid must
/// outlive the matrix.
GridMatrix MatrixOf(const ResultsGrid& grid, int rows, int columns);

}  // namespace pdarts

#endif  // PDARTS_RUNS_RESULT_GROUPS_H_
