#include "pdarts/runs/training_row.h"

#include "pdarts/runs/costs.h"
#include "pdarts/runs/provenance.h"

namespace pdarts {

RunResult RowOf(const TrainResult& training) {
  RunResult row;
  CopyCommonFields(training, &row);
  ConvertCosts(training, &row);
  if (training.has_cells()) row.set_network_cells(training.cells());
  if (training.has_channels()) row.set_network_channels(training.channels());
  return row;
}

}  // namespace pdarts
