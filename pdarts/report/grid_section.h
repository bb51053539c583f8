#ifndef PDARTS_REPORT_GRID_SECTION_H_
#define PDARTS_REPORT_GRID_SECTION_H_

#include <vector>

#include "pdarts/report/html.h"
#include "pdarts/runs/run.pb.h"

namespace pdarts {

/// The section of the grids of sweeps. Each grid is a table with a row for each combination of
/// values. If one field varies, a plot shows the accuracies of all seeds with a column for each
/// value. If two fields vary, a matrix has a shade for each mean accuracy. Empty if there are no
/// grids.
Html GridSection(const std::vector<ResultsGrid>& grids);

}  // namespace pdarts

#endif  // PDARTS_REPORT_GRID_SECTION_H_
