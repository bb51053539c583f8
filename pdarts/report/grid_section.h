#ifndef PDARTS_REPORT_GRID_SECTION_H_
#define PDARTS_REPORT_GRID_SECTION_H_

#include <vector>

#include "pdarts/report/html.h"
#include "pdarts/runs/run.pb.h"

namespace pdarts {

/// The section of the grids of sweeps: each as a table with a row for each combination of values.
/// Where one field varies, its values stand side by side in a plot of the accuracies of all seeds;
/// where two vary, a matrix has a shade for each mean accuracy. Empty without grids.
Html GridSection(const std::vector<ResultsGrid>& grids);

}  // namespace pdarts

#endif  // PDARTS_REPORT_GRID_SECTION_H_
